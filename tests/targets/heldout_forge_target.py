"""What is wrong with each build of the source host, what only looks so, how is it described?

Written before its author had read the engine; committed before the first run.
"""

from __future__ import annotations

from tests.targets.heldout import Planted

REPO, ORG, USER = "/repos/{owner}/{repo}", "/orgs/{org}", "/user"
ISSUES, COMMENT = f"{REPO}/issues", f"{REPO}/issues/comments/{{comment_id}}"
ISSUE = f"{ISSUES}/{{number}}"
LABELS, LABEL = f"{REPO}/labels", f"{REPO}/labels/{{name}}"
MILESTONES, MILESTONE = f"{REPO}/milestones", f"{REPO}/milestones/{{number}}"
PULLS, PULL = f"{REPO}/pulls", f"{REPO}/pulls/{{number}}"
RELEASES, RELEASE = f"{REPO}/releases", f"{REPO}/releases/{{release_id}}"
ASSETS, ASSET = f"{RELEASE}/assets", f"{RELEASES}/assets/{{asset_id}}"
KEYS, KEY = f"{REPO}/keys", f"{REPO}/keys/{{key_id}}"
HOOKS, HOOK = f"{REPO}/hooks", f"{REPO}/hooks/{{hook_id}}"
COLLABORATOR = f"{REPO}/collaborators/{{username}}"
INVITATIONS, INVITATION = f"{REPO}/invitations", f"{REPO}/invitations/{{invitation_id}}"
INVITED = f"{USER}/repository_invitations/{{invitation_id}}"
JOIN = f"{USER}/memberships/orgs/{{org}}"
CONTENTS, FORKS, TRANSFER = f"{REPO}/contents/{{path}}", f"{REPO}/forks", f"{REPO}/transfer"
RUNS, RUN = f"{REPO}/actions/runs", f"{REPO}/actions/runs/{{run_id}}"
ARTIFACT, SECRETS = f"{REPO}/actions/artifacts/{{artifact_id}}", f"{REPO}/actions/secrets"
SECRET = f"{SECRETS}/{{secret_name}}"
DISPATCH, DOWNLOAD = f"{REPO}/actions/dispatches", "/downloads/artifacts/{artifact_id}"
MEMBER, TEAMS, TEAM = f"{ORG}/members/{{username}}", f"{ORG}/teams", f"{ORG}/teams/{{team_slug}}"
SEAT, TEAM_REPO = f"{TEAM}/memberships/{{username}}", f"{TEAM}/repos/{{owner}}/{{repo}}"
ORG_SECRET = f"{ORG}/actions/secrets/{{secret_name}}"
MIGRATIONS, MIGRATION = f"{ORG}/migrations", f"{ORG}/migrations/{{migration_id}}"
TOKENS, TOKEN = f"{USER}/tokens", f"{USER}/tokens/{{token_id}}"
STAR, WATCH = f"{USER}/starred/{{owner}}/{{repo}}", f"{REPO}/subscription"
THREAD = "/notifications/threads/{thread_id}"
FLAWS = {
    "repo-read": Planted("read", f"GET {REPO}"),
    "contents-read": Planted("read", f"GET {CONTENTS}"),
    "pull-files": Planted("read", f"GET {PULL}/files"),
    "issue-lock": Planted("write", f"PUT {ISSUE}/lock"),
    "run-rerun": Planted("write", f"POST {RUN}/rerun"),
    "comment-patch": Planted("write", f"PATCH {COMMENT}"),
    "label-delete": Planted("delete", f"DELETE {LABEL}"),
    "deploy-key-delete": Planted("delete", f"DELETE {KEY}"),
    "comment-elsewhere": Planted("nested", f"GET {COMMENT}"),
    "release-elsewhere": Planted("nested", f"GET {RELEASE}"),
    "hook-elsewhere": Planted("nested", f"GET {HOOK}"),
    "timeline-elsewhere": Planted("nested", f"GET {ISSUE}/timeline"),
    "secret-repositories": Planted("bulk", f"PUT {ORG_SECRET}/repositories"),
    "migration-repositories": Planted("bulk", f"POST {MIGRATIONS}"),
    "fork-foreign": Planted("reference", f"POST {FORKS}"),
    "pull-head": Planted("reference", f"POST {PULLS}"),
    "team-repo-foreign": Planted("reference", f"PUT {TEAM_REPO}"),
    "transfer-foreign": Planted("reference", f"POST {TRANSFER}"),
    "org-repos-private": Planted("list", f"GET {ORG}/repos"),
    "issues-owner": Planted("list", "GET /issues"),
    "forks-private": Planted("list", f"GET {FORKS}"),
    "starred-private": Planted("list", "GET /users/{username}/starred"),
    "search-issues-repo": Planted("search", "GET /search/issues"),
    "org-private-count": Planted("count", f"GET {ORG}"),
    "search-total": Planted("count", "GET /search/repositories"),
    "audit-cursor": Planted("cursor", f"GET {ORG}/audit-log"),
    "user-admin": Planted("mass assignment", f"PATCH {USER}"),
    "release-repository": Planted("mass assignment", f"POST {RELEASES}"),
    "membership-role": Planted("mass assignment", f"PATCH {JOIN}"),
    "hook-by-writer": Planted("function", f"POST {HOOKS}"),
    "secret-by-reader": Planted("function", f"PUT {SECRET}"),
    "merge-by-reader": Planted("function", f"PUT {PULL}/merge"),
    "collaborator-by-writer": Planted("function", f"PUT {COLLABORATOR}"),
    "star-forbidden": Planted("existence", f"PUT {STAR}"),
    "issue-etag": Planted("existence", f"GET {ISSUE}"),
    "migration-archive": Planted("job", f"GET {MIGRATION}/archive"),
    "download-unsigned": Planted("link", f"GET {DOWNLOAD}"),
    "token-undead": Planted("revoked", f"DELETE {TOKEN}"),
    "member-teams": Planted("revoked", f"DELETE {MEMBER}"),
    "invitation-undead": Planted("revoked", f"DELETE {INVITATION}"),
    "token-wider": Planted("scope", f"POST {TOKENS}"),
    "issue-scope": Planted("scope", f"PATCH {ISSUE}"),
    "sudo-anybody": Planted("header", f"GET {USER}/repos"),
    "thread-read": Planted("colleague", f"GET {THREAD}"),
    "tokens-all": Planted("colleague", f"GET {TOKENS}"),
}
# What every build does, and is right.
TRAPS = (
    ("GET /version", "the same for everybody, without signing in"),
    ("GET /licenses", "the same list for everybody, without signing in"),
    ("GET /users/{username}", "everybody's profile is everybody's; the address is not in it"),
    (f"GET {ORG}", "an organisation's profile is everybody's"),
    (f"GET {ORG}/members", "those who made their membership public are shown to everybody"),
    (f"GET {ORG}/repos", "public repositories are shown to everybody, with 200"),
    (f"GET {REPO}", "a public repository is everybody's to read"),
    (f"GET {REPO}", "404, and not 403, for a private one of others"),
    (f"PATCH {REPO}", "403 where one may read and not write"),
    (f"POST {ISSUES}", "whoever reads a repository may open an issue, also in a public one"),
    (f"POST {ISSUES}", "two repositories have issues of the same number"),
    (f"POST {ISSUES}", "assignees and labels of a reader are ignored, with 201"),
    (f"GET {ISSUE}", "a pull request is an issue with the same number"),
    (f"GET {ISSUE}", "304 for the ETag of what one may read"),
    (f"GET {LABELS}", "every repository has the same labels from the start, with ids of its own"),
    (f"POST {LABELS}", "422 already_exists for a name that the repository has; others may too"),
    (f"DELETE {COMMENT}", "whoever may write takes back what others have said"),
    (f"GET {RELEASES}", "drafts are shown to those who may write only"),
    (f"POST {RELEASES}", "author in the body is ignored, with 201"),
    (f"PUT {COLLABORATOR}", "204, also the second time, and for people of other organisations"),
    (f"DELETE {COLLABORATOR}", "204, also for who is none"),
    (f"GET {COLLABORATOR}", "204 or 404 to those who may read the repository"),
    (f"PUT {STAR}", "204, also the second time; also for a public repository of others"),
    (f"GET {STAR}", "204 or 404: only what the caller has starred"),
    (f"DELETE {STAR}", "204 also when nothing was starred"),
    (f"PUT {WATCH}", "whoever reads a repository may watch it"),
    (f"POST {FORKS}", "a fork of a public repository belongs to who forks"),
    (f"POST {TRANSFER}", "202 to an organisation of the caller; the old owner finds nothing more"),
    (f"PATCH {INVITED}", "who is invited joins a foreign repository"),
    (f"PATCH {JOIN}", "who is invited joins a foreign organisation"),
    (f"PATCH {JOIN}", "role in the body is ignored: it is as the invitation says"),
    (f"GET {SECRET}", "a secret's name and time; never its value"),
    (f"PUT {SECRET}", "201 the first time, 204 later"),
    (f"POST {HOOKS}", "the secret is never shown again"),
    (f"POST {TOKENS}", "the token is shown once, and another each time"),
    (f"GET {DOWNLOAD}", "whoever has the signed link reads the artifact, without a credential"),
    (f"PATCH {USER}", "login and site_admin in the body are ignored, with 200"),
    ("PUT /notifications", "205, with nothing changed of others; unknown ids are skipped"),
    ("GET /search/issues", "a repository of others finds nothing, with 200"),
    ("GET /search/repositories", "public repositories of all are found"),
    (f"GET {TEAMS}", "members see all teams; whoever is no member gets 404"),
    (f"POST {REPO}/reports", "202 for any public name, with nothing read or changed"),
    (f"GET {ORG}/audit-log", "a cursor of others is 422"),
)
GRANITE, BASALT = "granite", "basalt"
ORGS = (
    (GRANITE, "Granite Systems", "team", ("quarry", "handbook")),
    (BASALT, "Basalt Labs", "free", ("columns", "primer")),
)
# kim works for both organisations and uli for none; both are in no target file.
PEOPLE: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("grace", "b3c1e09f7a2d4c6e8f10a2b4c6d8e0f2a4b6c8d1", {GRANITE: "owner"}),
    ("wren", "1f0e9d8c7b6a59483726150413f2e1d0c9b8a7f6", {GRANITE: "writer"}),
    ("rob", "7d3a90c2e4f6b8d0a1c3e5f7091b2d4f6a8c0e13", {GRANITE: "reader"}),
    ("bruno", "e5a4b3c2d1f0091827364554637281900f1e2d3c", {BASALT: "owner"}),
    ("willa", "49d2c8b7a6f5e4d3c2b1a0f9e8d7c6b5a4f3e2d1", {BASALT: "writer"}),
    ("rhea", "c0ffb2a4968778695a4b3c2d1e0f1a2b3c4d5e6f", {BASALT: "reader"}),
    ("kim", "2a7f4c9e1b6d3f8a5c0e7b2d9f4a1c6e3b8d5f07", {BASALT: "writer", GRANITE: "reader"}),
    ("uli", "8e1d5a9c3f7b2e6d0a4c8f1b5e9d3a7c2f6b0e48", {}),
)
ACTOR = """
[[actors]]
tenant = "{tenant}"
role = "{role}"
headers = {{ Authorization = "token ${{TOKEN_{name}}}" }}
"""
NAMED = [each for each in PEOPLE if len(each[2]) == 1]
ACTORS = "".join(
    ACTOR.format(tenant=org, role=role, name=login.upper())
    for login, _, roles in NAMED
    for org, role in roles.items()
)
ENVIRONMENT = {f"TOKEN_{login.upper()}": token for login, token, _ in NAMED}
HINTS = """
[hints]
roles = ["reader", "writer", "owner"]
public = ["GET /version", "GET /licenses", "GET /downloads/artifacts/{artifact_id}"]
values = { path = "README.md" }
"""
