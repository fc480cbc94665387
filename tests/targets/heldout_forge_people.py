"""People: who one is, with which tokens, what one has starred, is told and finds."""

from __future__ import annotations

import re

from tests.targets.heldout_forge_access import invitation
from tests.targets.heldout_forge_core import (
    PERMISSIONS,
    SCOPES,
    Call,
    Problem,
    invalid,
    new_token,
    op,
)
from tests.targets.heldout_forge_issues import shown as issue
from tests.targets.heldout_forge_orgs import profile
from tests.targets.heldout_forge_repos import account, full, picked, shown
from tests.targets.heldout_forge_schemas import Row
from tests.targets.heldout_forge_target import INVITED, JOIN, STAR, THREAD, TOKEN, TOKENS, USER


@op("GET /version", "meta/version", "Get the server version", gives="ServerVersion", open=True)
def version(_: Call) -> Row:
    return {"version": "1.22.0"}


@op("GET /licenses", "licenses/list", "List licenses", gives="[License]", open=True)
def licenses(call: Call) -> list[Row]:
    rows = (("mit", "MIT License"), ("apache-2.0", "Apache License 2.0"))
    return call.page([{"key": key, "name": name} for key, name in rows])


def private(row: Row) -> Row:
    return picked(row, "id login full_name email bio site_admin created_at")


@op(f"GET {USER}", "users/get-authenticated", "Get the authenticated user", gives="PrivateUser")
def get_me(call: Call) -> Row:
    return private(call.me)


@op(
    f"PATCH {USER}",
    "users/update-authenticated",
    "Update the authenticated user",
    takes="EditUserOption",
    gives="PrivateUser",
)
def update_me(call: Call) -> Row:
    said = call.take()
    if call.flawed("user-admin") and isinstance(call.json().get("site_admin"), bool):
        said["site_admin"] = call.json()["site_admin"]
    call.me.update(said)
    return private(call.me)


@op("GET /users/{username}", "users/get-by-username", "Get a user", gives="User")
def get_user(call: Call) -> Row:
    return account(call, call.user(call.path["username"])["login"])


@op("GET /users/{username}/repos", "repos/list-for-user", "List a user's", gives="[Repository]")
def list_for_user(call: Call) -> list[Row]:
    rows = call.at.rows("repos", owner=call.user(call.path["username"])["login"])
    return [shown(call, row) for row in call.page([row for row in rows if call.sees(row)])]


def within(call: Call, login: str, row: Row) -> bool:
    """Whether a repository is somebody's own, or one that they work on."""
    org = call.at.orgs.get(row["owner"], {"members": {}})
    ours = row["owner"] == login or login in org["members"]
    return call.at.right(login, row) > 0 and (ours or login in row["collaborators"])


@op(
    f"GET {USER}/repos",
    "repos/list-for-authenticated-user",
    "List repositories for the authenticated user",
    gives="[Repository]",
)
def list_mine(call: Call) -> list[Row]:
    rows = [row for row in call.at.tables["repos"].values() if within(call, call.login, row)]
    return [shown(call, row) for row in call.page(rows)]


@op(f"GET {USER}/orgs", "orgs/list-for-authenticated-user", "List mine", gives="[Organization]")
def list_orgs(call: Call) -> list[Row]:
    rows = [row for row in call.at.orgs.values() if call.login in row["members"]]
    return [profile(call, row) for row in call.page(rows)]


def token(row: Row) -> Row:
    return picked(row, "id name scopes created_at") | {"token_last_eight": row["last"]}


@op(f"GET {TOKENS}", "users/list-tokens", "List access tokens", gives="[AccessToken]")
def list_tokens(call: Call) -> list[Row]:
    having = {} if call.flawed("tokens-all") else {"user": call.login}
    return [token(row) for row in call.page(call.at.rows("tokens", **having))]


@op(
    f"POST {TOKENS}",
    "users/create-token",
    "Create an access token",
    takes="CreateAccessTokenOption",
    gives="NewAccessToken",
    status=201,
)
def create_token(call: Call) -> Row:
    said, have = call.take(), call.token["scopes"]
    if not said["scopes"] or not {*SCOPES, "all"}.issuperset(said["scopes"]):
        raise invalid("AccessToken", "scopes")
    held = {*have, *(each.replace("write:", "read:") for each in have)}
    if "all" not in have and not (held.issuperset(said["scopes"]) or call.flawed("token-wider")):
        raise Problem(403, "A token cannot have more scopes than the one that creates it.")
    secret = new_token()
    row = call.at.add("tokens", user=call.login, last=secret[-8:], **said)
    call.at.tokens[secret] = row
    return token(row) | {"token": secret}


@op(f"DELETE {TOKEN}", "users/delete-token", "Delete an access token", status=204)
def delete_token(call: Call) -> None:
    row = call.at.tables["tokens"].get(call.number("token_id"))
    if row is None or row["user"] != call.login:
        raise Problem(404)
    del call.at.tables["tokens"][row["id"]]


@op(f"GET {USER}/starred", "activity/list-starred", "List starred", gives="[Repository]")
def list_starred(call: Call) -> list[Row]:
    return starred(call, call.me)


@op("GET /users/{username}/starred", "activity/list-for-user", "Starred", gives="[Repository]")
def list_starred_by(call: Call) -> list[Row]:
    return starred(call, call.user(call.path["username"]), "starred-private")


def starred(call: Call, user: Row, *flaws: str) -> list[Row]:
    rows = [call.at.tables["repos"].get(key) for key in user["starred"]]
    seen = [row for row in rows if row and (call.sees(row) or call.flawed(*flaws))]
    return [shown(call, row) for row in call.page(seen)]


@op(f"GET {STAR}", "activity/check-starred", "Check if starred", status=204)
def check_star(call: Call) -> None:
    if call.repo()["id"] not in call.me["starred"]:
        raise Problem(404)


@op(f"PUT {STAR}", "activity/star-repo", "Star a repository", status=204)
def star(call: Call) -> None:
    if call.flawed("star-forbidden"):
        row = call.at.find(call.path["owner"], call.path["repo"])
        if row and not call.sees(row):
            raise Problem(403, "You are not allowed to star this repository.")
    row = call.repo()
    if row["id"] not in call.me["starred"]:
        call.me["starred"].append(row["id"])


@op(f"DELETE {STAR}", "activity/unstar-repo", "Unstar a repository", status=204)
def unstar(call: Call) -> None:
    row = call.repo()
    call.me["starred"] = [key for key in call.me["starred"] if key != row["id"]]


@op(
    f"GET {USER}/repository_invitations",
    "repos/list-invitations-for-authenticated-user",
    "List repository invitations for the authenticated user",
    gives="[RepoInvitation]",
)
def list_invitations(call: Call) -> list[Row]:
    rows = call.at.rows("invitations", invitee=call.login, state="pending")
    rows = [row for row in rows if row["repo"] in call.at.tables["repos"]]
    return [invitation(call, row) for row in call.page(rows)]


def invited(call: Call) -> Row:
    row = call.at.tables["invitations"].get(call.number("invitation_id"))
    if row is None or row["invitee"] != call.login or row["repo"] not in call.at.tables["repos"]:
        raise Problem(404)
    undead = call.flawed("invitation-undead") and row["state"] == "cancelled"
    if row["state"] != "pending" and not undead:
        raise Problem(404)
    return row


@op(
    f"PATCH {INVITED}",
    "repos/accept-invitation-for-authenticated-user",
    "Accept a repository invitation",
    status=204,
)
def accept(call: Call) -> None:
    row = invited(call)
    repo = call.at.tables["repos"][row["repo"]]
    had = repo["collaborators"].get(call.login, "none")
    repo["collaborators"][call.login] = max(had, row["permission"], key=PERMISSIONS.index)
    row["state"] = "accepted"


@op(
    f"DELETE {INVITED}",
    "repos/decline-invitation-for-authenticated-user",
    "Decline a repository invitation",
    status=204,
)
def decline(call: Call) -> None:
    invited(call)["state"] = "declined"


@op(
    f"PATCH {JOIN}",
    "orgs/update-membership-for-authenticated-user",
    "Accept an organization invitation",
    takes="EditMembershipOption",
    gives="OrgMember",
)
def join(call: Call) -> Row:
    org, _ = call.org(), call.take()
    rows = call.at.rows("org_invitations", org=org["login"], login=call.login)
    if not rows:
        raise Problem(404)
    del call.at.tables["org_invitations"][rows[0]["id"]]
    role, chosen = rows[0]["role"], call.json().get("role")
    if call.flawed("membership-role") and chosen in ("member", "owner"):
        role = chosen
    org["members"][call.login] = {"role": role, "public": False}
    return {"login": call.login, "role": role}


def thread(call: Call, row: Row) -> Row:
    repo = call.at.tables["repos"].get(row["repo"])
    said = picked(row, "id unread reason subject updated_at")
    return said | {"repository": full(repo) if repo else ""}


def told(call: Call) -> list[Row]:
    """The caller's notifications of what the caller may still see."""
    repos = call.at.tables["repos"]
    rows = call.at.rows("threads", user=call.login)
    return [row for row in rows if row["repo"] in repos and call.sees(repos[row["repo"]])]


@op("GET /notifications", "activity/list-notifications", "List notifications", gives="[Thread]")
def list_threads(call: Call) -> list[Row]:
    rows = [row for row in told(call) if row["unread"]]
    return [thread(call, row) for row in call.page(rows[::-1])]


@op(
    "PUT /notifications",
    "activity/mark-notifications-as-read",
    "Mark notifications as read",
    takes="ReadNotificationsOption",
    status=205,
)
def read_threads(call: Call) -> None:
    ids = call.take().get("ids")
    for row in told(call):
        row["unread"] = row["unread"] and ids is not None and row["id"] not in ids


def own_thread(call: Call, *flaws: str) -> Row:
    row = call.at.tables["threads"].get(call.number("thread_id"))
    if row is None or (row not in told(call) and not call.flawed(*flaws)):
        raise Problem(404)
    return row


@op(f"GET {THREAD}", "activity/get-thread", "Get a notification thread", gives="Thread")
def get_thread(call: Call) -> Row:
    return thread(call, own_thread(call, "thread-read"))


@op(f"PATCH {THREAD}", "activity/mark-thread-as-read", "Mark a thread as read", status=205)
def read_thread(call: Call) -> None:
    own_thread(call)["unread"] = False


def seen_repo(call: Call, row: Row) -> bool:
    repo = call.at.tables["repos"].get(row["repo"])
    return repo is not None and call.sees(repo)


@op("GET /issues", "issues/list", "List issues across repositories", gives="[Issue]", asks="owner")
def list_issues(call: Call) -> list[Row]:
    owner, repos = call.asked("owner"), call.at.tables["repos"]
    rows = [row for row in call.at.rows("issues", pull=False) if row["repo"] in repos]
    if owner:
        rows = [row for row in rows if repos[row["repo"]]["owner"] == owner]
    if not (owner and call.flawed("issues-owner")):
        rows = [row for row in rows if within(call, call.login, repos[row["repo"]])]
    return [issue(call, row) for row in call.page(rows[::-1])]


def query(call: Call) -> tuple[dict[str, str], list[str]]:
    """The qualifiers of `q`, and its words."""
    said, words = {}, []
    for word in call.asked("q").split():
        name, colon, value = word.partition(":")
        if colon and name in ("repo", "org", "user", "is", "author", "label", "in"):
            said["state" if value in ("open", "closed") else value if name == "is" else name] = (
                value
            )
        else:
            words.append(word.lower())
    if not said and not words:
        raise invalid("Search", "q", "missing")
    return said, words


def placed(said: dict[str, str], repo: Row) -> bool:
    owner: str = said.get("org") or said.get("user") or repo["owner"]
    name: str = said.get("repo") or full(repo)
    return owner.lower() == repo["owner"] and name.lower() == full(repo).lower()


@op(
    "GET /search/repositories",
    "search/repos",
    "Search repositories",
    gives="RepoSearchResults",
    asks="q",
)
def search_repos(call: Call) -> Row:
    said, words = query(call)
    rows = [row for row in call.at.tables["repos"].values() if placed(said, row)]
    text = {row["id"]: f"{full(row)} {row['description'] or ''}".lower() for row in rows}
    rows = [row for row in rows if all(word in text[row["id"]] for word in words)]
    seen = [row for row in rows if call.sees(row)]
    total = len(rows if call.flawed("search-total") else seen)
    return {"total_count": total, "items": [shown(call, row) for row in call.page(seen)]}


@op(
    "GET /search/issues",
    "search/issues-and-pull-requests",
    "Search issues and pull requests",
    gives="IssueSearchResults",
    asks="q",
)
def search_issues(call: Call) -> Row:
    (said, words), found = query(call), []
    named = call.flawed("search-issues-repo") and "repo" in said
    for row in call.at.tables["issues"].values():
        repo = call.at.tables["repos"].get(row["repo"])
        if repo is None or not placed(said, repo) or not (named or call.sees(repo)):
            continue
        text = f"{row['title']} {row['body'] or ''}".lower()
        kept = said.get("state", row["state"]) == row["state"]
        kept = kept and said.get("author", row["user"]) == row["user"]
        kept = kept and ("label" not in said or said["label"] in row["labels"])
        found += [row] if kept and all(word in text for word in words) else []
    return {"total_count": len(found), "items": [issue(call, row) for row in call.page(found)]}


@op("GET /search/code", "search/code", "Search code", gives="CodeSearchResults", asks="q")
def search_code(call: Call) -> Row:
    (said, words), found = query(call), []
    for repo in call.at.tables["repos"].values():
        if placed(said, repo) and call.sees(repo):
            for path, text in repo["files"].items():
                if all(word in text.lower() for word in words):
                    fragment = re.sub(r"\s+", " ", text)[:80]
                    found.append({"repository": full(repo), "path": path, "fragment": fragment})
    return {"total_count": len(found), "items": call.page(found)}
