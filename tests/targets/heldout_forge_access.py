"""Who else gets at a repository: collaborators, the invited, deploy keys and hooks."""

from __future__ import annotations

from tests.targets.heldout_forge_core import ADMIN, WRITE, Call, Problem, op
from tests.targets.heldout_forge_repos import full, picked
from tests.targets.heldout_forge_schemas import Row
from tests.targets.heldout_forge_target import (
    COLLABORATOR,
    HOOK,
    HOOKS,
    INVITATION,
    INVITATIONS,
    KEY,
    KEYS,
    REPO,
)


@op(
    f"GET {REPO}/collaborators",
    "repos/list-collaborators",
    "List repository collaborators",
    gives="[Collaborator]",
)
def list_collaborators(call: Call) -> list[Row]:
    people = call.repo(WRITE)["collaborators"]
    rows = [{"login": login, "permission": right} for login, right in people.items()]
    return call.page(rows)


@op(
    f"GET {COLLABORATOR}",
    "repos/check-collaborator",
    "Check if a user is a repository collaborator",
    status=204,
)
def check_collaborator(call: Call) -> None:
    if call.path["username"] not in call.repo()["collaborators"]:
        raise Problem(404)


@op(
    f"PUT {COLLABORATOR}",
    "repos/add-collaborator",
    "Add a repository collaborator",
    takes="AddCollaboratorOption",
    status=204,
)
def add_collaborator(call: Call) -> None:
    row = call.repo(WRITE if call.flawed("collaborator-by-writer") else ADMIN)
    user, said = call.user(call.path["username"], "Collaborator"), call.take()
    row["collaborators"][user["login"]] = said.get("permission", "write")
    call.log(row["owner"], "repo.add_member", user["login"])


@op(
    f"DELETE {COLLABORATOR}",
    "repos/remove-collaborator",
    "Remove a repository collaborator",
    status=204,
)
def remove_collaborator(call: Call) -> None:
    call.repo(ADMIN)["collaborators"].pop(call.path["username"], None)


def invitation(call: Call, row: Row) -> Row:
    repo = full(call.at.tables["repos"][row["repo"]])
    said = picked(row, "id invitee inviter permission created_at")
    return said | {"repository": repo}


@op(
    f"GET {INVITATIONS}",
    "repos/list-invitations",
    "List repository invitations",
    gives="[RepoInvitation]",
)
def list_invitations(call: Call) -> list[Row]:
    rows = call.at.rows("invitations", repo=call.repo(ADMIN)["id"], state="pending")
    return [invitation(call, row) for row in call.page(rows)]


@op(
    f"POST {INVITATIONS}",
    "repos/create-invitation",
    "Invite a user to a repository",
    takes="CreateRepoInvitationOption",
    gives="RepoInvitation",
    status=201,
)
def create_invitation(call: Call) -> Row:
    repo, said = call.repo(ADMIN), call.take()
    user = call.user(said["username"], "RepoInvitation")
    right = {"permission": said.get("permission", "write"), "state": "pending"}
    row = call.at.add(
        "invitations", repo=repo["id"], invitee=user["login"], inviter=call.login, **right
    )
    return invitation(call, row)


@op(
    f"DELETE {INVITATION}",
    "repos/delete-invitation",
    "Delete a repository invitation",
    status=204,
)
def delete_invitation(call: Call) -> None:
    row = call.of(call.repo(ADMIN), "invitations", "invitation_id")
    if row["state"] != "pending":
        raise Problem(404)
    row["state"] = "cancelled"


def key(row: Row) -> Row:
    return picked(row, "id title key read_only created_at")


@op(f"GET {KEYS}", "repos/list-deploy-keys", "List deploy keys", gives="[DeployKey]")
def list_keys(call: Call) -> list[Row]:
    rows = call.at.rows("keys", repo=call.repo(ADMIN)["id"])
    return [key(row) for row in call.page(rows)]


@op(
    f"POST {KEYS}",
    "repos/create-deploy-key",
    "Create a deploy key",
    takes="CreateKeyOption",
    gives="DeployKey",
    status=201,
)
def create_key(call: Call) -> Row:
    repo, said = call.repo(ADMIN), {"read_only": True} | call.take()
    return key(call.at.add("keys", repo=repo["id"], **said))


@op(f"GET {KEY}", "repos/get-deploy-key", "Get a deploy key", gives="DeployKey")
def get_key(call: Call) -> Row:
    return key(call.of(call.repo(ADMIN), "keys", "key_id"))


@op(f"DELETE {KEY}", "repos/delete-deploy-key", "Delete a deploy key", status=204)
def delete_key(call: Call) -> None:
    row = call.of(call.repo(ADMIN), "keys", "key_id", "deploy-key-delete")
    del call.at.tables["keys"][row["id"]]


def hook(row: Row) -> Row:
    """A hook without its secret."""
    config = {"url": row["url"], "content_type": row["content_type"]}
    said = picked(row, "id active events created_at updated_at")
    return said | {"type": "Repository", "config": config}


def configured(said: Row) -> Row:
    config = said.pop("config", {})
    return said | {
        name: config[name] for name in ("url", "content_type", "secret") if name in config
    }


@op(f"GET {HOOKS}", "repos/list-webhooks", "List repository webhooks", gives="[Hook]")
def list_hooks(call: Call) -> list[Row]:
    return [hook(row) for row in call.page(call.at.rows("hooks", repo=call.repo(ADMIN)["id"]))]


@op(
    f"POST {HOOKS}",
    "repos/create-webhook",
    "Create a repository webhook",
    takes="CreateHookOption",
    gives="Hook",
    status=201,
)
def create_hook(call: Call) -> Row:
    repo = call.repo(WRITE if call.flawed("hook-by-writer") else ADMIN)
    said: Row = {"active": True, "events": ["push"], "content_type": "json", "secret": None}
    return hook(call.at.add("hooks", repo=repo["id"], **(said | configured(call.take()))))


@op(f"GET {HOOK}", "repos/get-webhook", "Get a repository webhook", gives="Hook")
def get_hook(call: Call) -> Row:
    return hook(call.of(call.repo(ADMIN), "hooks", "hook_id", "hook-elsewhere"))


@op(
    f"PATCH {HOOK}",
    "repos/update-webhook",
    "Update a repository webhook",
    takes="EditHookOption",
    gives="Hook",
)
def update_hook(call: Call) -> Row:
    row = call.of(call.repo(ADMIN), "hooks", "hook_id")
    row.update(configured(call.take()), updated_at=call.at.now())
    return hook(row)


@op(f"DELETE {HOOK}", "repos/delete-webhook", "Delete a repository webhook", status=204)
def delete_hook(call: Call) -> None:
    del call.at.tables["hooks"][call.of(call.repo(ADMIN), "hooks", "hook_id")["id"]]
