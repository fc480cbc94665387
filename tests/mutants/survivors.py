"""Which mutants live, and why is that so? Each was looked at; none is here to get green."""

from __future__ import annotations

from collections.abc import Mapping

CONDITION = "condition dropped: app/"
EVERYBODY = "an operation looks objects up among everybody's: "
LOWERED = "a deletion's permission is lowered, and declared so: "
UNASKED = "a permission is declared and not asked for: "
SCOPE = "the scope of a connection: "
BELIEVED = "a credential is believed: "
CURSOR = "a cursor: "

FIRST = "Another lookup of the same operation keeps to the tenant and comes first; ids are unique."
POSITION = (
    "A cursor holds a position and nothing else; the rows are the caller's own, whatever it says."
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
    f"{CONDITION}idempotency.py _forget KeptAnswer.tenant_id (2)": (
        "The rows were chosen by the condition before it."
    ),
    f"{CONDITION}metric_history.py scoped_points MetricPoint.tenant_id": FIRST,
    f"{CONDITION}resources/artifacts.py delete_artifact VersionArtifact.tenant_id": FIRST,
    f"{CONDITION}resources/deployments.py _scoped_revisions DeploymentRevision.tenant_id": FIRST,
    f"{CONDITION}resources/jobs.py _pieces JobResult.tenant_id": FIRST,
    f"{CONDITION}resources/jobs.py read_job_result JobResult.tenant_id": FIRST,
    f"{CONDITION}resources/run_search.py delete_tag RunTag.tenant_id": FIRST,
    f"{BELIEVED}what was cached of a key is never forgotten": (
        "What a worker remembers of a key ends by itself after two seconds (`auth_seconds`), which "
        "is within what a revocation may take."
    ),
    f"{CONDITION}version_rows.py find_alias ModelAlias.tenant_id": FIRST,
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
}
HINTED = "What is known of Maestro ML leaves the operation out (`gate.testbed.embedded.HINTS`)."
ENDS = "The operation would end the ground that the run stands on, so it is left out."
NO_STATE = (
    "Every request says its scope before its first statement, so nothing shows by HTTP; it takes "
    "a look at what a used connection still knows."
)
# A flaw that no check sees now. Found one day, it only has to be taken off this list.
GAPS: Mapping[str, str] = {
    **{
        f"{EVERYBODY}{label}": HINTED
        for label in (
            "DELETE /v1/artifacts/{artifact_id}",
            "GET /v1/artifacts/{artifact_id}/content",
            "GET /v1/runs/{run_id}/artifacts",
            "POST /v1/deployments/{deployment_id}:promote",
            "POST /v1/deployments/{deployment_id}:rollback",
            "POST /v1/jobs/{job_id}:cancel",
            "POST /v1/runs:compare",
            "DELETE /v1/runs/{run_id}/tags/{tag}",
            "POST /v1/uploads/{upload_id}:complete",
            "PUT /v1/uploads/{upload_id}/parts/{part}",
            "GET /v1/models/{model_id}/aliases/{alias}",
            "PUT /v1/models/{model_id}/aliases/{alias}",
            "DELETE /v1/models/{model_id}/aliases/{alias}",
        )
    },
    **{
        f"{LOWERED}{label}": HINTED
        for label in (
            "DELETE /v1/artifacts/{artifact_id}",
            "DELETE /v1/models/{model_id}/aliases/{alias}",
            "DELETE /v1/runs/{run_id}/tags/{tag}",
        )
    },
    **{
        f"{UNASKED}{label}": HINTED
        for label in (
            "PATCH /v1/quotas",
            "DELETE /v1/artifacts/{artifact_id}",
            "DELETE /v1/models/{model_id}/aliases/{alias}",
            "DELETE /v1/runs/{run_id}/tags/{tag}",
            "POST /v1/deployments/{deployment_id}:promote",
            "POST /v1/deployments/{deployment_id}:rollback",
            "POST /v1/jobs/{job_id}:cancel",
            "POST /v1/uploads/{upload_id}:complete",
            "PUT /v1/models/{model_id}/aliases/{alias}",
            "PUT /v1/uploads/{upload_id}/parts/{part}",
        )
    },
    f"{LOWERED}DELETE /v1/uploads/{{upload_id}}": (
        "The document says the same, and contributors may delete uploads; only the names of roles "
        "are left to hold against it."
    ),
    f"{LOWERED}DELETE /v1/tenants/{{tenant_id}}": ENDS,
    f"{UNASKED}DELETE /v1/tenants/{{tenant_id}}": ENDS,
    f"{CONDITION}resources/tenants.py delete_tenant Member.tenant_id": ENDS,
    f"{CONDITION}run_rows.py scoped_runs Run.tenant_id": (
        f"Only `POST /v1/runs:compare` shows it: others have found the ids before. {HINTED}"
    ),
    f"{CONDITION}quotas.py limits Quota.tenant_id": (
        f"It takes a tenant that has lowered its quotas, with `PATCH /v1/quotas`. {HINTED}"
    ),
    f"{SCOPE}SET instead of SET LOCAL, in a session": NO_STATE,
    f"{SCOPE}SET instead of SET LOCAL, in a read of one message": NO_STATE,
    f"{SCOPE}the operator's setting outlives its transaction": NO_STATE,
    f"{SCOPE}a session is not given back at the end of its request": NO_STATE,
    f"{SCOPE}every request has the operator's setting": (
        "The code's own condition covers it, and statements are not observed."
    ),
    f"{SCOPE}every request has the runner's setting": (
        "No operation reads the queue, and statements are not observed."
    ),
    **dict.fromkeys(
        (
            f"{LOWERED}DELETE /v1/api-keys/{{key_id}}",
            f"{UNASKED}DELETE /v1/api-keys/{{key_id}}",
            f"{UNASKED}POST /v1/api-keys/{{key_id}}:rotate",
        ),
        "A role that lacks it reaches its own keys only, and no check makes any for it.",
    ),
    "fields that nobody declared are set: PATCH /v1/webhooks/{webhook_id}": (
        "A webhook is shown in lists only, and the check reads back from a GET of the same path."
    ),
    "a metric's label: the member's id": (
        "The check looks for tenants' ids and for what they made. That it adds series is seen, and "
        "does not count: a service that has just started adds some by itself."
    ),
    "the audit log: the log has the query with all it says": (
        "No check reads the audit log, and the service's own log does not have it."
    ),
    "an error tells: the driver's text for a taken name": (
        "It tells of SQL and of the caller's own row, and of no other tenant's. That driver text "
        "is never shown is asked in tests/app."
    ),
    "an error tells: the text of every defect": (
        "It takes a second defect that fails; none is planted beside it."
    ),
    "a bucket of requests: strict operations, one for all": (
        "The check wears out what a plan allows, and no limit of single operations."
    ),
    "a deleted tenant leaves something: its members, who can still sign in": ENDS,
}
SURVIVORS: Mapping[str, str] = {**EQUIVALENT, **GAPS}
