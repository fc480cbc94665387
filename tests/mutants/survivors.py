"""Which mutants live, and why is that so? Each was looked at; none is here to get green."""

from __future__ import annotations

from collections.abc import Mapping

CONDITION = "condition dropped: app/"
BEHIND = "condition dropped in background work: app/"
LOWERED = "a deletion's permission is lowered, and declared so: "
UNASKED = "a permission is declared and not asked for: "
SHARED = "a store is shared: "
CURSOR = "a cursor: "

FIRST = "Another lookup of the same operation keeps to the tenant and comes first; ids are unique."
POSITION = (
    "A cursor holds a position and nothing else; the rows are the caller's own, whatever it says."
)
CHOSEN = "The rows were chosen by a condition on the tenant before it; ids are unique."
BY_ENTRY = (
    "It is named by an id of the queue's own entry, which is unique, and the connection has the "
    "scope of the entry's tenant."
)
# They change nothing that one tenant could see or do to another: found, they are a false alarm.
EQUIVALENT: Mapping[str, str] = {
    f"{CONDITION}idempotency.py _kept KeptAnswer.tenant_id": (
        "What is asked for is an HMAC over tenant and member: no other tenant's equals it."
    ),
    f"{CONDITION}idempotency.py unmark KeptAnswer.tenant_id": (
        "What is removed is named by an HMAC over tenant and member: no other tenant's equals it."
    ),
    f"{CONDITION}idempotency.py _forget KeptAnswer.tenant_id": (
        "It forgets what has expired, and an expired answer counts for nobody."
    ),
    f"{CONDITION}idempotency.py _forget KeptAnswer.tenant_id (2)": CHOSEN,
    f"{CONDITION}metric_history.py scoped_points MetricPoint.tenant_id": FIRST,
    f"{CONDITION}resources/artifacts.py delete_artifact VersionArtifact.tenant_id": FIRST,
    f"{CONDITION}resources/deployments.py _scoped_revisions DeploymentRevision.tenant_id": FIRST,
    f"{CONDITION}resources/jobs.py _pieces JobResult.tenant_id": FIRST,
    f"{CONDITION}resources/jobs.py read_job_result JobResult.tenant_id": FIRST,
    f"{CONDITION}resources/run_search.py delete_tag RunTag.tenant_id": FIRST,
    f"{CONDITION}resources/uploads.py _forget Upload.tenant_id": FIRST,
    f"{CONDITION}run_rows.py READ_RUNS Run.tenant_id": FIRST,
    f"{BEHIND}work/exports.py inside parent.c.tenant_id": (
        "Only rows of the tenant are asked whether they are in the project; ids are unique."
    ),
    f"{BEHIND}work/jobs.py _retry Job.tenant_id": BY_ENTRY,
    f"{BEHIND}work/purges.py _remove_results JobResult.tenant_id (2)": CHOSEN,
    f"{BEHIND}work/purges.py anything_to_purge JobResult.tenant_id": CHOSEN,
    f"{BEHIND}work/tasks.py _change Task.tenant_id": BY_ENTRY,
    "a credential is believed: what was cached of a key is never forgotten": (
        "What a worker remembers of a key ends by itself after two seconds (`auth_seconds`), which "
        "is within what a revocation may take."
    ),
    f"{CURSOR}a cursor is not bound to its tenant": POSITION,
    f"{CURSOR}a cursor is not bound to its list": POSITION,
    f"{CURSOR}a cursor is signed with what everybody knows": POSITION,
    f"{CURSOR}a cursor's signature is not looked at": POSITION,
    "a cache: answers do not say that they vary with the credential": (
        "`no-store` is still said, so that no cache keeps what could be mixed up."
    ),
    "a tag or a kept answer: an entity tag without the tenant": (
        "Nearly every tagged body holds an id, so two tenants' bytes differ; equal bytes without "
        "one, such as quotas, tell nobody what he does not hold himself."
    ),
    "the scope of a connection: a session is not given back at the end of its request": (
        "Flask-SQLAlchemy ends every session itself (`_teardown_session`); ours is for a server "
        "that has died since."
    ),
    f"{SHARED}a file is found by its digest, whoever has it": (
        "Who asks has an artifact of his own with this digest, which was compared with its bytes: "
        "other bytes with the same SHA-256 are the same."
    ),
    f"{SHARED}an export of one project has all projects": (
        "They are all the tenant's own, and who may export one may export all; "
        "`tests/app/test_app_jobs.py` asks for the one."
    ),
    "a deleted tenant leaves something: its runs' tags": (
        "The database removes them with their runs (ON DELETE CASCADE)."
    ),
    "the audit log: changes leave no event": (
        "It harms the tenant's own log only; `tests/app/test_app_audit.py` asks for one event for "
        "every change."
    ),
    "the audit log: the log has the query with all it says": (
        "It is shown to the tenant's own auditors, and to nobody else; that no content is in an "
        "event is asked in `tests/app/test_app_audit.py`."
    ),
}
OWN_KEYS = (
    "A viewer reaches his own keys only, and what a role may do to its own is declared nowhere: a "
    "check that claimed it would blame each service whose members may revoke their own keys."
)
DAILY = "Only a task asks it that runs once a day, and no run of the gate lives so long."
VERIFIED = (
    "Only `verify-audit` reads the chain, by hand; no request does, and no check of a release runs "
    "it. `tests/app/test_app_audit.py` does."
)
# A flaw that no check sees now. Found one day, it only has to be taken off this list.
GAPS: Mapping[str, str] = {
    f"{LOWERED}DELETE /v1/api-keys/{{key_id}}": OWN_KEYS,
    f"{UNASKED}DELETE /v1/api-keys/{{key_id}}": OWN_KEYS,
    f"{UNASKED}POST /v1/api-keys/{{key_id}}:rotate": OWN_KEYS,
    f"{CONDITION}audit_log.py read_chain AuditHead.tenant_id": VERIFIED,
    f"{CONDITION}audit_log.py _pages columns.tenant_id": VERIFIED,
    f"{BEHIND}work/retention.py _purge Job.tenant_id": DAILY,
    f"{BEHIND}work/purges.py anything_to_purge tables[name].c.tenant_id": DAILY,
    "a deleted tenant leaves something: its members, who can still sign in": (
        "They can until the job has removed them, seconds later, and the check tries their "
        "credentials at its end."
    ),
    "an error tells: the driver's text for a taken name": (
        "It tells of SQL and of the caller's own row, and of no other tenant's."
    ),
    "an error tells: the text of every defect": (
        "It takes a second defect that fails; none is planted beside it."
    ),
    f"{SHARED}objects without the tenant in their name": (
        "Only a bucket has these names, and the testbed's artifacts are in a folder; "
        "`tests/app/test_app_bucket.py` looks at them."
    ),
}
# No service any more once there are two tenants: no check passes, and none has a finding.
STILLBORN: Mapping[str, str] = {
    f"{CONDITION}audit_log.py _lock_end AuditHead.tenant_id": (
        "Every change is answered with 500, so that no tenant owns anything."
    ),
}
# It takes a machine that does nothing else.
QUIET = "neighbours wait for each other: "
UNRUN: Mapping[str, str] = dict.fromkeys(
    (f"{QUIET}one lock for all writers", f"{QUIET}one task at a time for all tenants"),
    "Not run: latency is compared on a quiet machine only, and the check said that this one was "
    "not.",
)
SURVIVORS: Mapping[str, str] = {**EQUIVALENT, **GAPS, **STILLBORN, **UNRUN}
