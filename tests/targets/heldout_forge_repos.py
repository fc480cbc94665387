"""Repositories: what is in them, who works on them, and what is told about them elsewhere."""

from __future__ import annotations

from tests.targets.heldout_forge_core import (
    ADMIN,
    READ,
    WRITE,
    Call,
    Problem,
    invalid,
    op,
)
from tests.targets.heldout_forge_schemas import Row
from tests.targets.heldout_forge_target import (
    CONTENTS,
    FORKS,
    ORG,
    REPO,
    TRANSFER,
    WATCH,
)


def picked(row: Row, names: str) -> Row:
    return {name: row[name] for name in names.split()}


def account(call: Call, login: str) -> Row:
    row = call.at.users.get(login) or call.at.orgs[login]
    url = f"https://forge.example/{login}"
    name = row.get("full_name") or row.get("name")
    return picked(row, "id login created_at") | {"full_name": name, "html_url": url}


def full(repo: Row) -> str:
    return f"{repo['owner']}/{repo['name']}"


def shown(call: Call, row: Row) -> Row:
    """A repository as the caller may see it."""
    right, parent = call.at.right(call.login, row), None
    if row["parent"] in call.at.tables["repos"]:
        source = call.at.tables["repos"][row["parent"]]
        parent = full(source) if call.sees(source) else None
    issues = call.at.rows("issues", repo=row["id"], state="open")
    forks = [each for each in call.at.rows("repos", parent=row["id"]) if call.sees(each)]
    said = picked(row, "id name private description fork archived created_at updated_at")
    return said | {
        "full_name": full(row),
        "owner": account(call, row["owner"]),
        "parent": parent,
        "default_branch": "main",
        "html_url": f"https://forge.example/{full(row)}",
        "stargazers_count": sum(row["id"] in user["starred"] for user in call.at.users.values()),
        "forks_count": len(forks),
        "open_issues_count": len(issues),
        "permissions": {"admin": right >= ADMIN, "push": right >= WRITE, "pull": right >= READ},
    }


def free(call: Call, owner: str, name: str) -> None:
    if call.at.find(owner, name):
        raise invalid("Repository", "name", "already_exists")
    if not name.isascii() or not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise invalid("Repository", "name")


def creates(call: Call, org: str) -> bool:
    """Whether the caller may put repositories into an organisation: as owner or in a team."""
    if not call.belongs(org):
        return False
    teams = call.at.rows("teams", org=org)
    writing = any(call.login in team["members"] and team["permission"] != "read" for team in teams)
    return writing or call.at.orgs[org]["members"][call.login]["role"] == "owner"


def make(call: Call, owner: str) -> Row:
    said: Row = {"private": True, "description": None, **call.take()}
    free(call, owner, said["name"])
    row = call.at.repository(owner, said.pop("name"), call.login, **said)
    call.log(owner, "repo.create", full(row))
    return shown(call, row)


@op(
    f"POST {ORG}/repos",
    "repos/create-in-org",
    "Create an organization repository",
    takes="CreateRepoOption",
    gives="Repository",
    status=201,
)
def create_in_org(call: Call) -> Row:
    org = call.org("member")["login"]
    if not creates(call, org):
        raise Problem(403, "You do not have permission to create repositories here.")
    return make(call, org)


@op(
    "POST /user/repos",
    "repos/create-for-authenticated-user",
    "Create a repository for the authenticated user",
    takes="CreateRepoOption",
    gives="Repository",
    status=201,
)
def create(call: Call) -> Row:
    return make(call, call.login)


@op(f"GET {REPO}", "repos/get", "Get a repository", gives="Repository")
def get(call: Call) -> Row:
    return shown(call, call.repo(READ, "repo-read"))


@op(
    f"PATCH {REPO}",
    "repos/update",
    "Update a repository",
    takes="EditRepoOption",
    gives="Repository",
)
def update(call: Call) -> Row:
    row, said = call.repo(ADMIN), call.take()
    if "name" in said and said["name"].lower() != row["name"].lower():
        free(call, row["owner"], said["name"])
    row.update(said, updated_at=call.at.now())
    return shown(call, row)


@op(f"DELETE {REPO}", "repos/delete", "Delete a repository", status=204)
def delete(call: Call) -> None:
    row = call.repo(ADMIN)
    del call.at.tables["repos"][row["id"]]
    call.log(row["owner"], "repo.destroy", full(row))


@op(
    f"GET {CONTENTS}",
    "repos/get-content",
    "Get repository content",
    gives="ContentsResponse",
)
def get_content(call: Call) -> Row:
    row, path = call.repo(READ, "contents-read"), call.path["path"]
    if path not in row["files"]:
        raise Problem(404)
    return {"name": path, "path": path, "content": row["files"][path], "encoding": "utf-8"}


@op(
    f"PUT {CONTENTS}",
    "repos/create-or-update-file-contents",
    "Create or update file contents",
    takes="FileOptions",
    gives="ContentsResponse",
)
def put_content(call: Call) -> Row:
    row, path = call.repo(WRITE), call.path["path"]
    row["files"][path] = call.take()["content"]
    return {"name": path, "path": path, "content": row["files"][path], "encoding": "utf-8"}


@op(f"GET {FORKS}", "repos/list-forks", "List forks", gives="[Repository]")
def list_forks(call: Call) -> list[Row]:
    forks = call.at.rows("repos", parent=call.repo()["id"])
    forks = [each for each in forks if call.sees(each) or call.flawed("forks-private")]
    return [shown(call, each) for each in call.page(forks)]


@op(
    f"POST {FORKS}",
    "repos/create-fork",
    "Create a fork",
    takes="CreateForkOption",
    gives="Repository",
    status=202,
)
def create_fork(call: Call) -> Row:
    source, said = call.repo(READ, "fork-foreign"), call.take()
    owner: str = said.get("organization", call.login)
    name: str = said.get("name") or source["name"]
    if owner != call.login and not creates(call, owner):
        raise invalid("Fork", "organization")
    free(call, owner, name)
    more = {"files": dict(source["files"]), "description": source["description"]}
    private = source["private"] or owner != call.login
    row = call.at.repository(
        *(owner, name, call.login), private=private, fork=True, parent=source["id"], **more
    )
    return shown(call, row)


@op(
    f"POST {TRANSFER}",
    "repos/transfer",
    "Transfer a repository",
    takes="TransferRepoOption",
    gives="Repository",
    status=202,
)
def transfer(call: Call) -> Row:
    row, to = call.repo(ADMIN), call.take()["new_owner"]
    allowed = to == call.login or creates(call, to)
    if not (allowed or (call.flawed("transfer-foreign") and to in call.at.orgs)):
        raise invalid("Repository", "new_owner")
    free(call, to, row["name"])
    call.log(row["owner"], "repo.transfer", full(row))
    secrets = [each for org in call.at.orgs.values() for each in org["secrets"].values()]
    for holder in (*call.at.tables["teams"].values(), *secrets):
        holder["repos"] = [each for each in holder["repos"] if each != row["id"]]
    row.update(owner=to, updated_at=call.at.now())
    return shown(call, row)


def watching(call: Call, repo: Row) -> Row:
    if call.login not in repo["watchers"]:
        raise Problem(404)
    return {"subscribed": True, "ignored": False, "repository": full(repo)}


@op(
    f"GET {WATCH}",
    "activity/get-repo-subscription",
    "Get a repository subscription",
    gives="Subscription",
)
def get_watch(call: Call) -> Row:
    return watching(call, call.repo())


@op(
    f"PUT {WATCH}",
    "activity/set-repo-subscription",
    "Set a repository subscription",
    takes="SubscriptionOption",
    gives="Subscription",
)
def watch(call: Call) -> Row:
    repo, _ = call.repo(), call.take()
    if call.login not in repo["watchers"]:
        repo["watchers"].append(call.login)
    return watching(call, repo)


@op(
    f"DELETE {WATCH}",
    "activity/delete-repo-subscription",
    "Delete a repository subscription",
    status=204,
)
def unwatch(call: Call) -> None:
    repo = call.repo()
    repo["watchers"] = [login for login in repo["watchers"] if login != call.login]


@op(
    f"POST {REPO}/reports",
    "moderation/report-repo",
    "Report a repository to the administrators",
    takes="ReportOption",
    status=202,
)
def report(call: Call) -> None:
    call.take()
