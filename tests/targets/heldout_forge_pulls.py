"""Pull requests, and releases with their assets."""

from __future__ import annotations

from tests.targets.heldout_forge_core import READ, WRITE, Call, Problem, invalid, op
from tests.targets.heldout_forge_issues import happened, opened
from tests.targets.heldout_forge_repos import full, picked
from tests.targets.heldout_forge_schemas import Row
from tests.targets.heldout_forge_target import (
    ASSET,
    ASSETS,
    PULL,
    PULLS,
    RELEASE,
    RELEASES,
)


def shown(call: Call, row: Row) -> Row:
    head = call.at.tables["repos"].get(row["head_repo"])
    seen = head is not None and (call.sees(head) or call.flawed("pull-head"))
    said = picked(row, "id number title body state user head base merged created_at updated_at")
    return said | {"head_repo": full(head) if head and seen else None}


def pulled(call: Call, repo: Row) -> Row:
    row = call.numbered(repo)
    if not row["pull"]:
        raise Problem(404)
    return row


@op(f"GET {PULLS}", "pulls/list", "List pull requests", gives="[PullRequest]", asks="state")
def list_pulls(call: Call) -> list[Row]:
    rows, state = (
        call.at.rows("issues", repo=call.repo()["id"], pull=True),
        call.asked("state", "open"),
    )
    rows = [row for row in rows if state in ("all", row["state"])]
    return [shown(call, row) for row in call.page(rows[::-1])]


@op(
    f"POST {PULLS}",
    "pulls/create",
    "Create a pull request",
    takes="CreatePullRequestOption",
    gives="PullRequest",
    status=201,
)
def create_pull(call: Call) -> Row:
    repo, said = call.repo(), call.take()
    owner, _, name = said.pop("head_repo", full(repo)).partition("/")
    head = call.at.find(owner, name)
    if head is None or not (call.sees(head) or call.flawed("pull-head")):
        raise invalid("PullRequest", "head_repo")
    row = opened(
        call, repo, said | {"head_repo": head["id"], "files": dict(head["files"])}, pull=True
    )
    return shown(call, row)


@op(f"GET {PULL}", "pulls/get", "Get a pull request", gives="PullRequest")
def get_pull(call: Call) -> Row:
    return shown(call, pulled(call, call.repo()))


@op(
    f"PATCH {PULL}",
    "pulls/update",
    "Update a pull request",
    takes="EditPullRequestOption",
    gives="PullRequest",
)
def update_pull(call: Call) -> Row:
    repo = call.repo()
    row, said = pulled(call, repo), call.take()
    if row["user"] != call.login and not call.may(repo, WRITE):
        raise Problem(403, "Must have write rights to Repository.")
    row.update(said, updated_at=call.at.now())
    return shown(call, row)


@op(f"GET {PULL}/files", "pulls/list-files", "List pull requests files", gives="[ChangedFile]")
def list_files(call: Call) -> list[Row]:
    files = pulled(call, call.repo(READ, "pull-files"))["files"].items()
    rows = [{"filename": name, "status": "modified", "patch": text} for name, text in files]
    return call.page(rows)


@op(f"GET {PULL}/merge", "pulls/check-if-merged", "Check if merged", status=204)
def check_merged(call: Call) -> None:
    if not pulled(call, call.repo())["merged"]:
        raise Problem(404)


@op(
    f"PUT {PULL}/merge",
    "pulls/merge",
    "Merge a pull request",
    takes="MergeOption",
    gives="MergeResult",
)
def merge(call: Call) -> Row:
    repo = call.repo(READ if call.flawed("merge-by-reader") else WRITE)
    row, _ = pulled(call, repo), call.take()
    if row["state"] != "open":
        raise Problem(405, "Pull Request is not mergeable")
    repo["files"] |= row["files"]
    row.update(merged=True, state="closed", updated_at=call.at.now())
    happened(call, row, "merged")
    return {"merged": True, "message": "Pull Request successfully merged"}


def asset(row: Row) -> Row:
    return picked(row, "id name size uploader created_at updated_at")


def release(call: Call, row: Row) -> Row:
    said = "id tag_name name body draft prerelease author created_at updated_at"
    return picked(row, said) | {
        "assets": [asset(each) for each in call.at.rows("assets", release=row["id"])]
    }


def published(call: Call, repo: Row) -> list[Row]:
    writes = call.may(repo, WRITE)
    return [row for row in call.at.rows("releases", repo=repo["id"]) if writes or not row["draft"]]


@op(f"GET {RELEASES}", "repos/list-releases", "List releases", gives="[Release]")
def list_releases(call: Call) -> list[Row]:
    return [release(call, row) for row in call.page(published(call, call.repo())[::-1])]


@op(
    f"POST {RELEASES}",
    "repos/create-release",
    "Create a release",
    takes="CreateReleaseOption",
    gives="Release",
    status=201,
)
def create_release(call: Call) -> Row:
    repo, said = call.repo(WRITE), call.take()
    chosen = call.json().get("repository_id")
    if call.flawed("release-repository") and chosen in list(call.at.tables["repos"]):
        repo = call.at.tables["repos"][chosen]
    if call.at.rows("releases", repo=repo["id"], tag_name=said["tag_name"]):
        raise invalid("Release", "tag_name", "already_exists")
    said.pop("target_commitish", None)
    blank: Row = {"name": None, "body": None, "draft": False, "prerelease": False}
    row = call.at.add("releases", repo=repo["id"], author=call.login, **(blank | said))
    return release(call, row)


@op(f"GET {RELEASES}/latest", "repos/get-latest-release", "Get the latest release", gives="Release")
def latest(call: Call) -> Row:
    rows = [row for row in published(call, call.repo()) if not row["draft"]]
    if not rows:
        raise Problem(404)
    return release(call, rows[-1])


@op(
    f"GET {RELEASES}/tags/{{tag}}",
    "repos/get-release-by-tag",
    "Get a release by tag name",
    gives="Release",
)
def by_tag(call: Call) -> Row:
    repo = call.repo()
    rows = [row for row in published(call, repo) if row["tag_name"] == call.path["tag"]]
    if not rows:
        raise Problem(404)
    return release(call, rows[0])


def found(call: Call, repo: Row, *flaws: str) -> Row:
    row = call.of(repo, "releases", "release_id", *flaws)
    if row["draft"] and not call.may(repo, WRITE):
        raise Problem(404)
    return row


@op(f"GET {RELEASE}", "repos/get-release", "Get a release", gives="Release")
def get_release(call: Call) -> Row:
    return release(call, found(call, call.repo(), "release-elsewhere"))


@op(
    f"PATCH {RELEASE}",
    "repos/update-release",
    "Update a release",
    takes="EditReleaseOption",
    gives="Release",
)
def update_release(call: Call) -> Row:
    row = found(call, call.repo(WRITE))
    row.update(call.take(), updated_at=call.at.now())
    return release(call, row)


@op(f"DELETE {RELEASE}", "repos/delete-release", "Delete a release", status=204)
def delete_release(call: Call) -> None:
    row = found(call, call.repo(WRITE))
    for each in call.at.rows("assets", release=row["id"]):
        del call.at.tables["assets"][each["id"]]
    del call.at.tables["releases"][row["id"]]


@op(f"GET {ASSETS}", "repos/list-release-assets", "List release assets", gives="[Asset]")
def list_assets(call: Call) -> list[Row]:
    row = found(call, call.repo())
    return [asset(each) for each in call.page(call.at.rows("assets", release=row["id"]))]


@op(
    f"POST {ASSETS}",
    "repos/upload-release-asset",
    "Upload a release asset",
    takes="CreateAssetOption",
    gives="Asset",
    status=201,
)
def upload(call: Call) -> Row:
    repo = call.repo(WRITE)
    row, said = found(call, repo), {"content": ""} | call.take()
    more = {"repo": repo["id"], "uploader": call.login, "size": len(said["content"])}
    return asset(call.at.add("assets", release=row["id"], **more, **said))


def attached(call: Call, need: int) -> Row:
    repo = call.repo(need)
    row = call.of(repo, "assets", "asset_id")
    if call.at.tables["releases"][row["release"]]["draft"] and not call.may(repo, WRITE):
        raise Problem(404)
    return row


@op(f"GET {ASSET}", "repos/get-release-asset", "Get a release asset", gives="Asset")
def get_asset(call: Call) -> Row:
    return asset(attached(call, READ))


@op(
    f"PATCH {ASSET}",
    "repos/update-release-asset",
    "Update a release asset",
    takes="EditAssetOption",
    gives="Asset",
)
def update_asset(call: Call) -> Row:
    row = attached(call, WRITE)
    row.update(call.take(), updated_at=call.at.now())
    return asset(row)


@op(f"DELETE {ASSET}", "repos/delete-release-asset", "Delete a release asset", status=204)
def delete_asset(call: Call) -> None:
    del call.at.tables["assets"][attached(call, WRITE)["id"]]
