"""What can an attacker with a pencil do to the source host, step by step?

`v` is the owner of Granite, `w` writes and `r` reads there. At Basalt `a` is the owner, `m` writes
and `l` reads; `k` is Kim, who is at both; `u` is Uli, who is at neither. `n` is nobody, or
whoever's token stands in the headers; `s` and `x` are tokens of Basalt's owner.
"""

from __future__ import annotations

from typing import Any

from tests.targets.heldout_attacks import Step, step
from tests.targets.heldout_forge_target import (
    ARTIFACT,
    ASSET,
    ASSETS,
    COLLABORATOR,
    COMMENT,
    CONTENTS,
    DISPATCH,
    DOWNLOAD,
    FORKS,
    HOOK,
    HOOKS,
    INVITATION,
    INVITATIONS,
    INVITED,
    ISSUE,
    ISSUES,
    JOIN,
    KEY,
    KEYS,
    LABEL,
    MEMBER,
    MIGRATION,
    MIGRATIONS,
    MILESTONE,
    MILESTONES,
    ORG,
    ORG_SECRET,
    PEOPLE,
    PULL,
    PULLS,
    RELEASE,
    RELEASES,
    REPO,
    RUN,
    RUNS,
    SEAT,
    SECRET,
    STAR,
    TEAM_REPO,
    THREAD,
    TOKEN,
    TOKENS,
    TRANSFER,
    USER,
    WATCH,
)

SENT = {login: token for login, token, _ in PEOPLE}
VAULT = {"owner": "granite", "repo": "vault"}
MINE = {"owner": "basalt", "repo": "columns"}
PRIMER = {"owner": "basalt", "repo": "primer"}
# These repeat what was asked for; these take the victim's ids and do nothing with them.
ECHOES: set[str] = set()
HARMLESS = {f"POST {RELEASES}"}


def entry(who: str, login: str) -> Step:
    sent = {"Authorization": f"token {SENT[login]}"}
    said = {"name": "pencil", "scopes": ["all"]}
    return step("n", f"POST {TOKENS}", said, f"{who}=token", sent)


def at(who: str, operation: str, where: dict[str, str], body: Any = None, **more: Any) -> Step:
    """A step in a repository."""
    return step(who, operation, body, more.pop("keep", ""), **where, **more)


def own(who: str, where: dict[str, str], text: str) -> list[Step]:
    """What a repository has; ids are kept under the first letter of whose they are."""
    hook = {"config": {"url": "https://hooks.example/x", "secret": text}}
    number = {"number": "1"}
    return [
        at(who, f"GET {REPO}", where, keep=f"{who}r=id"),
        at(who, f"PUT {CONTENTS}", where, {"content": f"# {text} code"}, path="README.md"),
        at(who, f"POST {MILESTONES}", where, {"title": text}),
        at(who, f"POST {ISSUES}", where, {"title": text, "milestone": 1}),
        at(who, f"POST {ISSUE}/comments", where, {"body": text}, keep=f"{who}c=id", **number),
        at(who, f"POST {PULLS}", where, {"title": text, "head": "topic", "base": "main"}),
        at(who, f"POST {RELEASES}", where, {"tag_name": "v1", "body": text}, keep=f"{who}e=id"),
        at(
            *(who, f"POST {ASSETS}", where, {"name": f"{text}.zip"}),
            keep=f"{who}t=id",
            release_id=f"{{{who}e}}",
        ),
        at(who, f"POST {KEYS}", where, {"title": text, "key": "ssh-ed25519 A"}, keep=f"{who}k=id"),
        at(who, f"POST {HOOKS}", where, hook, keep=f"{who}h=id"),
        at(who, f"POST {DISPATCH}", where, {"workflow": text}, keep=f"{who}n=id"),
        at(who, f"GET {RUN}/artifacts", where, keep=f"{who}f=id", run_id=f"{{{who}n}}"),
    ]


BEFORE = [
    entry("v", "grace"),
    entry("w", "wren"),
    entry("r", "rob"),
    entry("a", "bruno"),
    entry("m", "willa"),
    entry("l", "rhea"),
    entry("k", "kim"),
    entry("u", "uli"),
    step("v", f"POST {ORG}/repos", {"name": "vault", "description": "victim's"}, org="granite"),
    step("v", f"POST {ORG}/repos", {"name": "spare", "description": "victim's"}, org="granite"),
    at("w", f"PUT {WATCH}", VAULT, {}),
    *own("v", VAULT, "victim's"),
    *own("a", MINE, "attacker's"),
    step("v", f"PUT {STAR}", **VAULT),
    at("v", f"POST {FORKS}", PRIMER, {"organization": "granite", "name": "victims-copy"}),
    step("v", f"POST {MIGRATIONS}", {"repositories": ["granite/vault"]}, "vm=id", org="granite"),
    step("v", f"GET {ORG}/audit-log", {"per_page": "1"}, "vl=after", org="granite"),
    step("w", "GET /notifications", None, "wt=id"),
]
READING = [
    at("a", f"GET {REPO}", VAULT),
    at("a", f"GET {CONTENTS}", VAULT, path="README.md"),
    at("a", f"GET {PULL}/files", VAULT, number="2"),
    at("a", f"GET {RELEASES}/tags/{{tag}}", VAULT, tag="v1"),
    at("a", f"GET {ISSUE}", VAULT, number="1"),
    step("a", f"GET {ISSUE}", None, "", {"If-None-Match": "*"}, **VAULT, number="1"),
    at("a", f"GET {ISSUE}/timeline", VAULT, number="1"),
    at("a", f"GET {COMMENT}", MINE, comment_id="{vc}"),
    at("a", f"GET {RELEASE}", MINE, release_id="{ve}"),
    at("a", f"GET {HOOK}", MINE, hook_id="{vh}"),
    at("a", f"GET {KEY}", MINE, key_id="{vk}"),
    at("a", f"GET {ASSET}", MINE, asset_id="{vt}"),
    at("a", f"GET {ARTIFACT}", MINE, artifact_id="{vf}"),
    at("a", f"GET {RUNS}", VAULT),
    step("a", f"GET {ORG}/repos", org="granite"),
    step("a", "GET /issues", {"owner": "granite"}),
    at("a", f"GET {FORKS}", PRIMER),
    step("a", "GET /users/{username}/starred", username="grace"),
    step("a", "GET /search/issues", {"q": "repo:granite/vault is:open"}),
    step("a", "GET /search/code", {"q": "victim's"}),
    step("a", f"GET {ORG}", org="granite"),
    step("a", "GET /search/repositories", {"q": "org:granite vault"}),
    step("a", f"GET {ORG}/audit-log", {"after": "{vl}"}, org="basalt"),
    step("a", f"GET {MIGRATION}/archive", org="basalt", migration_id="{vm}"),
    step("n", f"GET {DOWNLOAD}", {"sig": "0"}, artifact_id="{vf}"),
    step("a", f"GET {USER}/repos", None, "", {"Sudo": "grace"}),
    step("a", f"PUT {STAR}", **VAULT),
    step("r", f"GET {THREAD}", thread_id="{wt}"),
    step("l", f"GET {TOKENS}"),
]
CHANGING = [
    at("a", f"PUT {ISSUE}/lock", VAULT, number="1"),
    at("a", f"PATCH {MILESTONE}", VAULT, {"title": "changed"}, number="1"),
    at("a", f"POST {RUN}/rerun", MINE, run_id="{vn}"),
    at("a", f"PATCH {COMMENT}", MINE, {"body": "changed"}, comment_id="{vc}"),
    at("a", f"DELETE {LABEL}", VAULT, name="bug"),
    at("a", f"DELETE {KEY}", MINE, key_id="{vk}"),
    at("a", f"DELETE {ASSET}", MINE, asset_id="{vt}"),
    at("a", f"POST {ISSUES}", MINE, {"title": "attacker's second", "assignees": ["uli"]}),
    step("a", f"PUT {ORG_SECRET}", {"value": "x"}, org="basalt", secret_name="DEPLOY"),
    step(
        *("a", f"PUT {ORG_SECRET}/repositories", {"selected_repository_ids": ["{vr}"]}),
        org="basalt",
        secret_name="DEPLOY",
    ),
    step("a", f"POST {MIGRATIONS}", {"repositories": ["granite/vault"]}, org="basalt"),
    at("a", f"POST {FORKS}", VAULT, {}),
    at(
        *("a", f"POST {PULLS}", MINE),
        {"title": "attacker's", "head": "main", "base": "main", "head_repo": "granite/vault"},
    ),
    step("a", f"PUT {TEAM_REPO}", org="basalt", team_slug="developers", **VAULT),
    step("a", f"POST {ORG}/repos", {"name": "gift"}, org="basalt"),
    at("a", f"POST {TRANSFER}", {"owner": "basalt", "repo": "gift"}, {"new_owner": "granite"}),
    at("a", f"POST {RELEASES}", MINE, {"tag_name": "planted", "repository_id": "{vr}"}),
    at("v", f"GET {RELEASES}", VAULT),
    step("l", f"PATCH {USER}", {"bio": "lower", "site_admin": True}),
    at("m", f"POST {HOOKS}", MINE, {"config": {"url": "https://middle.example"}}),
    at("l", f"PUT {SECRET}", MINE, {"value": "lower"}, secret_name="TOKEN"),
    at("l", f"PUT {PULL}/merge", MINE, {}, number="2"),
    step("m", f"PUT {SEAT}", org="basalt", team_slug="developers", username="rhea"),
    at("m", f"PUT {COLLABORATOR}", MINE, {"permission": "admin"}, username="uli"),
    at("l", f"PATCH {REPO}", MINE, {"description": "lower"}),
]
UNDEAD = [
    step("a", f"POST {TOKENS}", {"name": "gone", "scopes": ["all"]}, "x=token xi=id"),
    step("a", f"DELETE {TOKEN}", token_id="{xi}"),
    step("x", f"GET {USER}"),
    step(
        *("a", f"POST {TOKENS}", {"name": "small", "scopes": ["read:issue", "write:user"]}),
        "s=token",
    ),
    at("s", f"GET {ISSUE}", MINE, number="1"),
    at("s", f"PATCH {ISSUE}", MINE, {"title": "small"}, number="1"),
    step("s", f"POST {TOKENS}", {"name": "wider", "scopes": ["all"]}),
    step("a", f"DELETE {MEMBER}", org="basalt", username="kim"),
    at("k", f"GET {REPO}", MINE),
    at("a", f"POST {INVITATIONS}", MINE, {"username": "uli"}, keep="ai=id"),
    at("a", f"DELETE {INVITATION}", MINE, invitation_id="{ai}"),
    step("u", f"PATCH {INVITED}", invitation_id="{ai}"),
    step("a", f"POST {ORG}/invitations", {"username": "uli"}, org="basalt"),
    step("u", f"PATCH {JOIN}", {"state": "active", "role": "owner"}, org="basalt"),
    at("u", f"GET {REPO}", MINE),
]
FORGE = [*BEFORE, *READING, *CHANGING, *UNDEAD]
