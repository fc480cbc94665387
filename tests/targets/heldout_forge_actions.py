"""What runs on a repository: workflow runs, their artifacts, and secrets."""

from __future__ import annotations

import json
import secrets

from werkzeug.wrappers import Response

from tests.targets.heldout_forge_core import READ, WRITE, Call, Problem, op
from tests.targets.heldout_forge_repos import full, picked
from tests.targets.heldout_forge_schemas import Row
from tests.targets.heldout_forge_target import (
    ARTIFACT,
    DISPATCH,
    DOWNLOAD,
    RUN,
    RUNS,
    SECRET,
    SECRETS,
)


def ran(row: Row) -> Row:
    return picked(row, "id run_number name status attempt actor created_at updated_at")


@op(
    f"POST {DISPATCH}",
    "actions/create-workflow-dispatch",
    "Run a workflow",
    takes="DispatchOption",
    gives="WorkflowRun",
    status=201,
)
def dispatch(call: Call) -> Row:
    repo, said = call.repo(WRITE), call.take()
    number = len(call.at.rows("runs", repo=repo["id"])) + 1
    state: Row = {"run_number": number, "status": "completed", "attempt": 1, "actor": call.login}
    row = call.at.add("runs", repo=repo["id"], name=said["workflow"], **state)
    text = f"{said['workflow']} of {full(repo)}"
    call.at.add("artifacts", repo=repo["id"], run=row["id"], name="build", text=text)
    return ran(row)


@op(f"GET {RUNS}", "actions/list-workflow-runs", "List workflow runs", gives="[WorkflowRun]")
def list_runs(call: Call) -> list[Row]:
    return [ran(row) for row in call.page(call.at.rows("runs", repo=call.repo()["id"]))]


@op(f"GET {RUN}", "actions/get-workflow-run", "Get a workflow run", gives="WorkflowRun")
def get_run(call: Call) -> Row:
    return ran(call.of(call.repo(), "runs", "run_id"))


@op(
    f"POST {RUN}/rerun",
    "actions/re-run-workflow",
    "Re-run a workflow",
    gives="WorkflowRun",
    status=201,
)
def rerun(call: Call) -> Row:
    row = call.of(call.repo(WRITE), "runs", "run_id", "run-rerun")
    row.update(attempt=row["attempt"] + 1, updated_at=call.at.now())
    return ran(row)


def artifact(row: Row) -> Row:
    said = picked(row, "id name created_at")
    return said | {"run_id": row["run"], "size_in_bytes": len(row["text"])}


@op(
    f"GET {RUN}/artifacts",
    "actions/list-workflow-run-artifacts",
    "List workflow run artifacts",
    gives="[Artifact]",
)
def list_artifacts(call: Call) -> list[Row]:
    row = call.of(call.repo(), "runs", "run_id")
    return [artifact(each) for each in call.page(call.at.rows("artifacts", run=row["id"]))]


@op(f"GET {ARTIFACT}", "actions/get-artifact", "Get an artifact", gives="Artifact")
def get_artifact(call: Call) -> Row:
    return artifact(call.of(call.repo(), "artifacts", "artifact_id"))


@op(f"DELETE {ARTIFACT}", "actions/delete-artifact", "Delete an artifact", status=204)
def delete_artifact(call: Call) -> None:
    row = call.of(call.repo(WRITE), "artifacts", "artifact_id")
    del call.at.tables["artifacts"][row["id"]]


@op(
    f"POST {ARTIFACT}/link",
    "actions/create-artifact-link",
    "Create a signed link to an artifact",
    gives="DownloadLink",
    status=201,
)
def link(call: Call) -> Row:
    row, signature = call.of(call.repo(), "artifacts", "artifact_id"), secrets.token_hex(16)
    call.at.signatures[signature] = row["id"]
    return {"url": f"{call.request.host_url}downloads/artifacts/{row['id']}?sig={signature}"}


@op(
    f"GET {DOWNLOAD}",
    "actions/download-artifact",
    "Download an artifact by its signed link",
    gives="str",
    asks="sig",
    open=True,
)
def download(call: Call) -> Response:
    row = call.at.tables["artifacts"].get(call.number("artifact_id"))
    signed = call.at.signatures.get(call.asked("sig"))
    trusted = call.flawed("download-unsigned") and row is not None
    if (
        row is None
        or row["repo"] not in call.at.tables["repos"]
        or not (signed == row["id"] or trusted)
    ):
        raise Problem(404)
    return Response(json.dumps(row["text"]), mimetype="application/json")


def secret(name: str, row: Row) -> Row:
    return {"name": name} | picked(row, "created_at updated_at")


@op(f"GET {SECRETS}", "actions/list-repo-secrets", "List repository secrets", gives="[Secret]")
def list_secrets(call: Call) -> list[Row]:
    kept = call.repo(WRITE)["secrets"].items()
    return call.page([secret(name, row) for name, row in kept])


@op(f"GET {SECRET}", "actions/get-repo-secret", "Get a repository secret", gives="Secret")
def get_secret(call: Call) -> Row:
    kept, name = call.repo(WRITE)["secrets"], call.path["secret_name"].upper()
    if name not in kept:
        raise Problem(404)
    return secret(name, kept[name])


@op(
    f"PUT {SECRET}",
    "actions/create-or-update-repo-secret",
    "Create or update a repository secret",
    takes="SecretOption",
    status=201,
)
def put_secret(call: Call) -> None:
    kept = call.repo(READ if call.flawed("secret-by-reader") else WRITE)["secrets"]
    name, said, now = call.path["secret_name"].upper(), call.take(), call.at.now()
    call.status = 204 if name in kept else 201
    kept[name] = kept.get(name, {"created_at": now}) | said | {"updated_at": now}


@op(f"DELETE {SECRET}", "actions/delete-repo-secret", "Delete a repository secret", status=204)
def delete_secret(call: Call) -> None:
    if call.repo(WRITE)["secrets"].pop(call.path["secret_name"].upper(), None) is None:
        raise Problem(404)
