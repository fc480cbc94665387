"""Does every statement on a tenant's rows run in that tenant's scope, and name the tenant too?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gate.check import Check, Control
from gate.model import Doubt, Finding, Json, Observation, Severity
from validators.behind.traffic import accuse
from validators.database.statement_scan import probe
from validators.estates.ground import judge_ground
from validators.judging import Rule

ID = "isolation.statements"
SHARED: Mapping[str, str] = {
    "SELECT public.tasks": "the queue, which holds ids only: the runner asks what is due",
    "UPDATE public.tasks": "the queue, which holds ids only: the runner leases what is due",
}
LOG = (
    'psql "$DATABASE_URL" -c "ALTER SYSTEM SET log_statement = \'all\'" '
    '-c "SELECT pg_reload_conf()" and read the server\'s log'
)
UNSCOPED = Rule(
    check=ID,
    rule="unscoped-statement",
    title="A statement on tenants' rows runs in a transaction without a tenant",
    severity=Severity.HIGH,
    remedy="Set the tenant with set_config(…, true) in the same transaction, before the statement.",
    cwe=653,
    owasp_api="API1:2023",
    asvs="V8.4.1",
)
FOREIGN = replace(
    UNSCOPED,
    rule="foreign-scope",
    title="A request's statement runs in another tenant's scope than its credential's",
    severity=Severity.CRITICAL,
    remedy="Take the tenant from the credential, never from a header, path or body.",
    cwe=639,
)
LASTING = replace(
    UNSCOPED,
    rule="lasting-scope",
    title="The tenant is set for the session: the connection's next user inherits it",
    remedy="Use set_config(…, true) or SET LOCAL, which end with the transaction.",
    cwe=488,
)
WIDENED = replace(
    UNSCOPED,
    rule="widened-scope",
    title="A tenant's request sets what lets a policy show the rows of all tenants",
    remedy="Set it for the work of the operator or of a runner only, never for a tenant's request.",
    cwe=250,
)
UNBOUND = replace(
    UNSCOPED,
    rule="missing-predicate",
    title="A statement does not name the tenant: row-level security alone keeps tenants apart",
    severity=Severity.MEDIUM,
    remedy="Name the tenant in the WHERE of every statement, and in the ON of every join.",
    cwe=566,
)
RULES: Mapping[str, Rule] = {
    "foreign": FOREIGN,
    "unscoped": UNSCOPED,
    "lasting": LASTING,
    "unbound": UNBOUND,
}


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Doubt]:
    """Two layers for each statement on a relation with the tenant's column.

    The transaction has a scope (CWE-653), that of the caller's tenant (CWE-639), which ends with it
    (CWE-488) and is not widened beside (CWE-250); and an equality in the statement binds the
    relation to that tenant (CWE-566). What
    the service shares among tenants on purpose is listed with the reason. A statement that could
    not be read leaves a doubt.
    """
    yield from judge_ground(seen)
    for index, each in enumerate(seen):
        if each.kind == "touch" and each.subject.partition(": ")[2] not in SHARED:
            for name, rule in RULES.items():
                if count := each.data[name]:
                    words = f"{count} of {each.data['statements']} statements: {each.data['sql']}"
                    yield accuse(rule, each.subject, [words], index, LOG)
        elif each.kind == "lasting":
            words = f"{each.data['said']} times"
            yield accuse(LASTING, each.subject, [words], index, LOG)
        elif each.kind == "widened":
            words = f"{each.data['setting']}, {each.data['said']} times"
            yield accuse(WIDENED, each.subject, [words], index, LOG)
        elif each.kind == "unread":
            yield Doubt(
                subject=each.subject, reason=f"a statement was not read: {each.data['said']}"
            )


TOUCH: dict[str, Json] = {
    "operation": "GET /v1/runs/{run_id}",
    "relation": "public.runs",
    "statements": 4,
    "foreign": 0,
    "unscoped": 0,
    "lasting": 0,
    "unbound": 0,
    "sql": "SELECT runs.name FROM runs WHERE runs.tenant_id = ? AND runs.id = ?",
}
CLEAN: tuple[Observation, ...] = (
    Observation(kind="touch", subject="GET /v1/runs/{run_id}: SELECT public.runs", data=TOUCH),
    Observation(
        kind="touch",
        subject="between requests: SELECT public.tasks",
        data={**TOUCH, "relation": "public.tasks", "unscoped": 4, "unbound": 4},
    ),
)


def spoil(**change: Json) -> tuple[Observation, ...]:
    """The clean record with the request's statements changed."""
    first, *others = CLEAN
    return (replace(first, data={**first.data, **change}), *others)


CHECK = Check(
    id=ID,
    claim="Each statement on tenants' rows has the caller's scope, and names the tenant itself.",
    blind_to=(
        "Statements inside functions and triggers, which PostgreSQL does not log. Tables without "
        "the tenant's column. Relations that no request touched (`untouched` names them), and "
        "operations that the target's hints leave out. Requests of nobody, of the operator and of "
        "other roles than the owner. A request's statement in another tenant's scope, in the very "
        "words of a job that runs meanwhile. A predicate that needs a function, OR or a range to "
        "be understood is reported as missing."
    ),
    probe=probe,
    judge=judge,
    controls=(
        Control(defect="no scope in the transaction", record=spoil(unscoped=1)),
        Control(defect="the scope of another tenant", record=spoil(foreign=1)),
        Control(defect="a scope that outlives the transaction", record=spoil(lasting=2)),
        Control(
            defect="a scope set for the session, though nothing was touched in it yet",
            record=(*CLEAN, Observation(kind="lasting", subject="GET /v1/me", data={"said": 1})),
        ),
        Control(
            defect="a request that runs as the platform's operator",
            record=(
                *CLEAN,
                Observation(
                    kind="widened",
                    subject="GET /v1/me",
                    data={"said": 1, "setting": "app.operator"},
                ),
            ),
        ),
        Control(defect="no predicate beside the scope", record=spoil(unbound=1)),
    ),
    at_least={"seated": 2, "surveyed": 1, "touch": 10, "layers": 2},
    needs=frozenset(
        {"http", "openapi", "tenants", "row-security", "statements", "lone-connection"}
    ),
    covers=("isolation:30", "API1:2023", "ASVS:V8.4.1"),
)
