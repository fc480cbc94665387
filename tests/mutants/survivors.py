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
# They change nothing that one tenant could see or do to another: found, they are a false alarm.
EQUIVALENT: Mapping[str, str] = {
    f"{CONDITION}idempotency.py _kept KeptAnswer.tenant_id": (
        "What is asked for is an HMAC over tenant and member: no other tenant's equals it."
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
    f"{LOWERED}DELETE /v1/api-keys/{{key_id}}": (
        "Whoever is below admin reaches the own keys only, whatever the permission says."
    ),
    f"{UNASKED}POST /v1/api-keys/{{key_id}}:rotate": (
        "Whoever is below admin reaches the own keys only, whatever the permission says."
    ),
}
HINTED = "What is known of Maestro ML leaves the operation out (`gate.testbed.embedded.HINTS`)."
ENDS = "The operation would end the ground that the run stands on, so it is left out."
NO_STATE = (
    "Every request says its scope before its first statement, so nothing shows by HTTP; it takes "
    "a look at what a used connection still knows."
)
PLAIN = "No credential of the run is cut down to scopes, has expired or was rotated."
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
    f"{BELIEVED}a rotated key's old secret never ends": PLAIN,
    f"{BELIEVED}an expired key goes on working": PLAIN,
    "a rule of roles is left out: a key gets scopes beyond its maker's": PLAIN,
    "a rule of roles is left out: a key's scopes are ignored": PLAIN,
}
SURVIVORS: Mapping[str, str] = {**EQUIVALENT, **GAPS}
