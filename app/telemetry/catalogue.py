"""Which metrics does the service have? All 62 of them, and docs/METRICS.md is written from here.

No label holds a tenant, an id or a path: a label's values come from the code, never from a caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from app.telemetry.metric import (
    BYTES,
    MINUTES,
    QUICK,
    SECONDS,
    Feed,
    Metric,
    counter,
    gauge,
    histogram,
)


def later(metric: Metric, why: str) -> Metric:
    """A metric whose source does not exist yet: declared, and absent from the exposition."""
    return replace(metric, feed=Feed.NOBODY, why=why)


def by_job(metric: Metric) -> Metric:
    """A metric that a job writes as a text file or pushes; no worker knows it."""
    return replace(metric, feed=Feed.JOB, why="written by the job that did the work")


HTTP = (
    counter("http_requests_total", "Answered requests.", "method", "route", "status"),
    histogram(
        "http_request_duration_seconds", "Time to answer.", "method", "route", buckets=SECONDS
    ),
    gauge("http_in_flight", "Requests that are being answered."),
    histogram("http_request_bytes", "Size of request bodies.", "route", buckets=BYTES),
    histogram("http_response_bytes", "Size of answers.", "route", buckets=BYTES),
    counter("http_exceptions_total", "Defects: answers of 500.", "route", "class"),
    counter("http_validation_failures_total", "Requests refused with 422.", "route"),
    counter("http_timeouts_total", "Statements and pool waits that ran out of time.", "route"),
    counter("http_unmatched_total", "Requests for paths that are no route."),
)
ACCESS = (
    counter("auth_attempts_total", "Sign-ins on routes that need one.", "kind", "result"),
    histogram("auth_duration_seconds", "Time to sign in.", "kind", buckets=QUICK),
    counter("apikey_created_total", "API keys made."),
    counter("apikey_revoked_total", "API keys revoked."),
    later(
        gauge("apikey_expiring_7d", "API keys that expire within a week.", mode="livemax"),
        "no scope of the service sees the keys of all tenants: each tenant's list shows its own",
    ),
    counter("permission_checks_total", "Checks of a permission.", "permission", "result"),
    later(gauge("session_active", "Open sessions."), "the service has keys and no sessions"),
    counter("lockouts_total", "Sign-ins refused unseen: their address had failed too often."),
    counter("token_rejected_total", "Credentials refused.", "reason"),
)
ISOLATION = (
    counter(
        "tenant_guard_denied_total",
        "Answers of 404 to an id: missing or another tenant's, which nobody can tell apart.",
        "resource",
    ),
    counter(
        "tenant_context_missing_total", "Statements on a tenant's table in a session of no tenant."
    ),
    counter("rls_violation_total", "Writes that row-level security refused.", "table"),
    by_job(counter("cross_tenant_probe_total", "Attempts of the gate to cross over.", "result")),
    gauge("tenants_active", "Tenants; at most a minute old.", "plan", mode="livemostrecent"),
)
LIMITS = (
    counter("ratelimit_decisions_total", "Decisions of the rate limiter.", "tier", "result"),
    counter("ratelimit_backend_errors_total", "Counts that Redis did not take."),
    histogram("ratelimit_check_seconds", "Time of the rate limiter's decision.", buckets=QUICK),
    gauge("ratelimit_degraded", "1 while a worker counts by itself.", mode="livemax"),
)
DATABASE = (
    histogram("db_query_duration_seconds", "Time of a statement.", "op", "table", buckets=QUICK),
    gauge("db_pool_in_use", "Connections in use."),
    gauge("db_pool_size", "Connections that the pools may open."),
    histogram("db_pool_wait_seconds", "Time to get a connection.", buckets=QUICK),
    counter("db_pool_timeouts_total", "Waits for a connection that were given up."),
    counter("db_errors_total", "Errors of the database, by the class of SQLSTATE.", "class"),
    counter("db_tx_rollbacks_total", "Transactions rolled back after an error."),
    counter("db_deadlocks_total", "Transactions ended as a deadlock's victim."),
    later(
        gauge("db_replication_lag_seconds", "Lag of a replica.", "replica", mode="livemax"),
        "the service's role may not read pg_stat_replication: use the database's exporter",
    ),
    later(
        gauge("db_migration_version", "Number of the newest migration.", mode="livemax"),
        "the service's role may not read the version table",
    ),
    histogram("db_queries_per_request", "Statements per request.", "route", buckets=(1, 2, 4, 8)),
)
CACHE = (
    counter("cache_requests_total", "Look-ups in a cache.", "cache", "result"),
    histogram("cache_op_seconds", "Time of a Redis command.", "op", buckets=QUICK),
    counter("cache_errors_total", "Redis commands that failed.", "class"),
    counter("cache_invalidations_total", "Times that a tenant's part of a cache ended.", "cache"),
    gauge("redis_up", "0 when a worker's last Redis command failed.", mode="livemin"),
    gauge("redis_breaker_state", "0 closed, 1 half open, 2 open.", mode="livemax"),
)
DOMAIN = (
    counter("projects_created_total", "Projects made.", "plan"),
    counter("experiments_created_total", "Experiments made."),
    counter("runs_started_total", "Runs made."),
    counter("runs_finished_total", "Runs whose status became a final one.", "status"),
    counter("run_metrics_ingested_total", "Metric points logged."),
    histogram(
        "metric_ingest_batch_size", "Metric points in one log.", buckets=(1, 10, 100, 500, 1000)
    ),
    counter("model_versions_total", "Model versions made, or brought to a stage.", "stage"),
    counter("deployments_total", "Deployments asked for.", "result"),
    counter("artifact_bytes_total", "Bytes of artifacts.", "direction"),
)
OPERATIONS = (
    by_job(gauge("backup_last_success_timestamp", "When the last backup ended.", "type")),
    by_job(histogram("backup_duration_seconds", "Time of a backup.", "type", buckets=MINUTES)),
    by_job(gauge("backup_bytes", "Size of the last backup.", "type")),
    by_job(gauge("restore_drill_rto_seconds", "Time to restore in the last drill.")),
    by_job(gauge("restore_drill_rpo_seconds", "Time of lost writes in the last drill.")),
    by_job(gauge("wal_archive_age_seconds", "Age of the newest archived write-ahead log.")),
    by_job(gauge("release_gate_result", "Last verdict: 0 pass, else its exit code.", "gate")),
    gauge("build_info", "Always 1; the label is the version.", "version", mode="livemax"),
    counter("audit_write_failures_total", "Changes undone because their event was not kept."),
)
SECTIONS: Mapping[str, tuple[Metric, ...]] = {
    "HTTP": HTTP,
    "Sign-in and permissions": ACCESS,
    "Isolation": ISOLATION,
    "Rate limits": LIMITS,
    "Database": DATABASE,
    "Cache and Redis": CACHE,
    "Domain": DOMAIN,
    "Operations": OPERATIONS,
}
METRICS: Mapping[str, Metric] = {
    metric.name.removeprefix("maestro_"): metric
    for section in SECTIONS.values()
    for metric in section
}
