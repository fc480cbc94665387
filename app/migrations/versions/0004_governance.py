"""Create jobs, webhooks, quotas and the queue that background work is found in."""

from alembic import op

revision = "0004"
down_revision = "0003"

TENANT = "NULLIF(current_setting('app.tenant_id', true), '')::uuid"
# Reads the queue of all tenants, and the queue only.
RUNNER = "COALESCE(current_setting('app.runner', true) = 'on', false)"
TABLES = {
    "jobs": """
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('export', 'purge', 'tenant-deletion')),
        state text NOT NULL
            CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
        arguments jsonb NOT NULL,
        checkpoint jsonb NOT NULL,
        done bigint NOT NULL,
        total bigint NOT NULL,
        attempts integer NOT NULL,
        turn integer NOT NULL,
        error text,
        result_bytes bigint,
        created_by uuid,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        finished_at timestamptz,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, created_by) REFERENCES members ON DELETE SET NULL (created_by)
    """,
    "job_results": """
        tenant_id uuid NOT NULL,
        job_id uuid NOT NULL,
        number integer NOT NULL,
        content bytea NOT NULL,
        PRIMARY KEY (tenant_id, job_id, number),
        FOREIGN KEY (tenant_id, job_id) REFERENCES jobs ON DELETE CASCADE
    """,
    "tasks": """
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('job', 'delivery')),
        due_at timestamptz NOT NULL,
        leased boolean NOT NULL,
        PRIMARY KEY (tenant_id, id)
    """,
    "webhooks": """
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        id uuid NOT NULL,
        url text NOT NULL,
        events text[] NOT NULL,
        enabled boolean NOT NULL,
        failures integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id)
    """,
    "webhook_deliveries": """
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        webhook_id uuid NOT NULL,
        event text NOT NULL,
        payload jsonb NOT NULL,
        state text NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
        attempts integer NOT NULL,
        last_status integer,
        last_error text,
        created_at timestamptz NOT NULL,
        finished_at timestamptz,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhooks ON DELETE CASCADE
    """,
    "quotas": """
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        resource text NOT NULL,
        most bigint NOT NULL CHECK (most >= 0),
        PRIMARY KEY (tenant_id, resource)
    """,
    "usage_counters": """
        tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
        resource text NOT NULL,
        slot integer NOT NULL,
        used bigint NOT NULL,
        PRIMARY KEY (tenant_id, resource, slot)
    """,
}
INDEXES = (
    "jobs (tenant_id, created_by)",
    "jobs (tenant_id, state, id)",
    "tasks (due_at)",
    "webhook_deliveries (tenant_id, webhook_id, id)",
    "api_keys (tenant_id, previous_digest)",
)
KEY_COLUMNS = {
    "expires_at": "timestamptz",
    "last_used_at": "timestamptz",
    "previous_digest": "bytea",
    "previous_until": "timestamptz",
}
GIB = 1 << 30
# A plan's ceilings. The same numbers stand in app/quotas.py, and a test compares them.
CEILINGS = {
    "free": (10, 10_000, 10, 50, 2, GIB),
    "team": (100, 1_000_000, 100, 500, 10, 100 * GIB),
    "business": (1_000, 10_000_000, 1_000, 5_000, 100, 1_000 * GIB),
    "enterprise": (10_000, 100_000_000, 10_000, 50_000, 1_000, 100_000 * GIB),
}
RESOURCES = ("projects", "runs", "members", "keys", "webhooks", "artifact_bytes")
COUNTED = {
    "projects": ("projects", "1"),
    "runs": ("runs", "1"),
    "members": ("members", "1"),
    "api_keys": ("keys", "1"),
    "webhooks": ("webhooks", "1"),
    "artifacts": ("artifact_bytes", "size"),
}
CASES = "\n".join(
    f"WHEN plan = '{plan}' AND resource = '{resource}' THEN {most}"
    for plan, row in CEILINGS.items()
    for resource, most in zip(RESOURCES, row, strict=True)
)
# Far from its limit a tenant counts in sixteen slots, one for each connection, under a shared
# lock: nobody waits. Near it, or for many rows at once, counting is exclusive, which waits for
# all who count under the shared one: exact, as long as fewer than 1,000 connections count at once.
FUNCTIONS = (
    f"""
    CREATE FUNCTION quota_ceiling(plan text, resource text) RETURNS bigint
    LANGUAGE sql IMMUTABLE RETURN CASE {CASES} ELSE 0 END
    """,
    """
    CREATE FUNCTION quota_limit(tenant uuid, what text) RETURNS bigint
    LANGUAGE sql STABLE AS $$
        SELECT LEAST(quota_ceiling(t.plan, what), q.most) FROM tenants t
        LEFT JOIN quotas q ON q.tenant_id = t.id AND q.resource = what WHERE t.id = tenant
    $$
    """,
    """
    CREATE FUNCTION usage_of(tenant uuid, what text) RETURNS bigint
    LANGUAGE sql VOLATILE AS $$
        SELECT COALESCE(sum(used), 0)::bigint FROM usage_counters
        WHERE tenant_id = tenant AND resource = what
    $$
    """,
    """
    CREATE FUNCTION take_usage(tenant uuid, what text, amount bigint) RETURNS void
    LANGUAGE plpgsql AS $$
    DECLARE
        room CONSTANT bigint := 1000;
        most bigint := quota_limit(tenant, what);
        lane bigint := hashtextextended(tenant::text || what, 0);
        near boolean := amount > 1 OR usage_of(tenant, what) > most - 2 * room;
        total bigint;
    BEGIN
        IF near THEN
            PERFORM pg_advisory_xact_lock(lane);
        ELSE
            PERFORM pg_advisory_xact_lock_shared(lane);
        END IF;
        INSERT INTO usage_counters AS c VALUES (tenant, what, pg_backend_pid() % 16, amount)
        ON CONFLICT (tenant_id, resource, slot) DO UPDATE SET used = c.used + amount;
        total := usage_of(tenant, what);
        IF total > most THEN
            RAISE EXCEPTION 'quota exceeded' USING ERRCODE = 'MQ403', CONSTRAINT = what;
        ELSIF NOT near AND total > most - room THEN
            RAISE EXCEPTION 'the limit came near meanwhile' USING ERRCODE = '40001';
        END IF;
    END $$
    """,
    """
    CREATE FUNCTION give_usage_back(tenant uuid, what text, amount bigint) RETURNS void
    LANGUAGE sql AS $$
        UPDATE usage_counters SET used = used - amount
        WHERE tenant_id = tenant AND resource = what AND slot = (
            SELECT slot FROM usage_counters WHERE tenant_id = tenant AND resource = what
            ORDER BY slot <> pg_backend_pid() % 16, slot LIMIT 1
        )
    $$
    """,
    """
    CREATE FUNCTION count_usage() RETURNS trigger
    LANGUAGE plpgsql AS $$
    DECLARE
        part record;
    BEGIN
        FOR part IN EXECUTE format(
            'SELECT tenant_id, sum(%s)::bigint AS amount FROM counted GROUP BY 1', TG_ARGV[1]
        ) LOOP
            IF TG_OP = 'DELETE' THEN
                PERFORM give_usage_back(part.tenant_id, TG_ARGV[0], part.amount);
            ELSE
                PERFORM take_usage(part.tenant_id, TG_ARGV[0], part.amount);
            END IF;
        END LOOP;
        RETURN NULL;
    END $$
    """,
)
SIGNATURES = (
    "count_usage()",
    "give_usage_back(uuid, text, bigint)",
    "take_usage(uuid, text, bigint)",
    "usage_of(uuid, text)",
    "quota_limit(uuid, text)",
    "quota_ceiling(text, text)",
)


def upgrade() -> None:
    """Create the tables with their policies, then count what is there and go on counting."""
    for column, type_ in KEY_COLUMNS.items():
        op.execute(f"ALTER TABLE api_keys ADD COLUMN {column} {type_}")
    for table, columns in TABLES.items():
        op.execute(f"CREATE TABLE {table} ({columns})")
    for index in INDEXES:
        op.execute(f"CREATE INDEX ON {index}")
    for function in FUNCTIONS:
        op.execute(function)
    for table, (resource, amount) in COUNTED.items():
        count(table, resource, amount)
    for table in TABLES:
        own = f"tenant_id = {TENANT}" + (f" OR {RUNNER}" if table == "tasks" else "")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({own}) WITH CHECK ({own})")


def count(table: str, resource: str, amount: str) -> None:
    """Count the table's rows of every tenant, or what their column `amount` adds up to."""
    # The owner obeys the policies as well, and must see all tenants for once.
    op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    found = f"SELECT tenant_id, '{resource}', 0, sum({amount}) FROM {table} GROUP BY 1"  # noqa: S608 - our own constants
    op.execute(f"INSERT INTO usage_counters {found}")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for event, rows in (("INSERT", "NEW"), ("DELETE", "OLD")):
        op.execute(
            f"CREATE TRIGGER count_{event.lower()} AFTER {event} ON {table} "
            f"REFERENCING {rows} TABLE AS counted FOR EACH STATEMENT "
            f"EXECUTE FUNCTION count_usage('{resource}', '{amount}')"
        )


def downgrade() -> None:
    """Drop the triggers, the functions, the tables and the keys' new columns."""
    for table in COUNTED:
        for event in ("insert", "delete"):
            op.execute(f"DROP TRIGGER IF EXISTS count_{event} ON {table}")
    for signature in SIGNATURES:
        op.execute(f"DROP FUNCTION {signature}")
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")
    for column in KEY_COLUMNS:
        op.execute(f"ALTER TABLE api_keys DROP COLUMN {column}")
