"""What is wrong with each build of the issue tracker, what only looks so, how is it described?

Written before its author had read the engine; committed before the first run.
"""

from __future__ import annotations

from tests.targets.heldout import Planted

API = "/api"
LOGIN, LOGOUT = f"{API}/auth/token/", f"{API}/auth/logout/"
PASSWORD, ME, USERS = f"{API}/auth/password/change/", f"{API}/users/me/", f"{API}/users/"
SPACES, SPACE = f"{API}/workspaces/", f"{API}/workspaces/{{slug}}/"
UNDER = f"{API}/workspaces/{{workspace_slug}}"
MEMBERS, MEMBER = f"{UNDER}/members/", f"{UNDER}/members/{{id}}/"
INVITATIONS, INVITATION = f"{UNDER}/invitations/", f"{UNDER}/invitations/{{id}}/"
AUDIT, ACCEPT = f"{UNDER}/audit-log/", f"{API}/invitations/accept/"
PROJECTS, PROJECT = f"{API}/projects/", f"{API}/projects/{{id}}/"
ISSUES, ISSUE = f"{API}/issues/", f"{API}/issues/{{id}}/"
PROJECT_ISSUES = f"{API}/projects/{{project_pk}}/issues/"
COMMENTS, FILES = f"{API}/issues/{{issue_pk}}/comments/", f"{API}/issues/{{issue_pk}}/attachments/"
COMMENT, FILE = f"{COMMENTS}{{id}}/", f"{API}/attachments/{{id}}/"
LABELS, LABEL = f"{API}/labels/", f"{API}/labels/{{id}}/"
ENTRIES, ENTRY = f"{API}/time-entries/", f"{API}/time-entries/{{id}}/"
VIEWS, VIEW = f"{API}/views/", f"{API}/views/{{id}}/"
TOKENS, TOKEN = f"{API}/tokens/", f"{API}/tokens/{{id}}/"
HOOKS, HOOK = f"{API}/webhooks/", f"{API}/webhooks/{{id}}/"
EXPORTS, EXPORT = f"{API}/exports/", f"{API}/exports/{{id}}/"
NOTES, NOTE = f"{API}/notifications/", f"{API}/notifications/{{id}}/"
STAFF, ROADMAP = f"{API}/admin/users/", f"{API}/public/roadmaps/{{token}}/"
FLAWS = {
    "issue-read": Planted("read", f"GET {ISSUE}"),
    "attachment-read": Planted("read", f"GET {FILE}"),
    "entry-read": Planted("read", f"GET {ENTRY}"),
    "label-expand": Planted("read", f"GET {LABEL}"),
    "summary-cache": Planted("read", f"GET {PROJECT}summary/"),
    "project-put": Planted("write", f"PUT {PROJECT}"),
    "issue-patch": Planted("write", f"PATCH {ISSUE}"),
    "issue-assign": Planted("write", f"POST {ISSUE}assign/"),
    "hook-patch": Planted("write", f"PATCH {HOOK}"),
    "label-delete": Planted("delete", f"DELETE {LABEL}"),
    "entry-delete": Planted("delete", f"DELETE {ENTRY}"),
    "comments-nested": Planted("nested", f"GET {COMMENTS}"),
    "comment-elsewhere": Planted("nested", f"GET {COMMENT}"),
    "member-elsewhere": Planted("nested", f"PATCH {MEMBER}"),
    "watchers-list": Planted("nested", f"GET {ISSUE}watchers/"),
    "deliveries-list": Planted("nested", f"GET {HOOK}deliveries/"),
    "bulk-update": Planted("bulk", f"POST {ISSUES}bulk_update/"),
    "issue-project": Planted("reference", f"POST {ISSUES}"),
    "issue-labels": Planted("reference", f"PATCH {ISSUE}"),
    "issue-parent": Planted("reference", f"PUT {ISSUE}"),
    "move-project": Planted("reference", f"POST {ISSUE}move/"),
    "entry-issue": Planted("reference", f"POST {ENTRIES}"),
    "assign-assignee": Planted("reference", f"POST {ISSUE}assign/"),
    "issues-project": Planted("list", f"GET {ISSUES}"),
    "issues-ordering": Planted("list", f"GET {ISSUES}"),
    "issues-trash": Planted("list", f"GET {ISSUES}trash/"),
    "hooks-all": Planted("list", f"GET {HOOKS}"),
    "issues-search": Planted("search", f"GET {ISSUES}"),
    "users-search": Planted("search", f"GET {USERS}"),
    "issues-count": Planted("count", f"GET {ISSUES}"),
    "stats-all": Planted("count", f"GET {SPACE}stats/"),
    "entries-offset": Planted("cursor", f"GET {ENTRIES}"),
    "project-workspace": Planted("mass assignment", f"PATCH {PROJECT}"),
    "projects-workspace": Planted("mass assignment", f"POST {PROJECTS}"),
    "entry-user": Planted("mass assignment", f"POST {ENTRIES}"),
    "workspace-plan": Planted("mass assignment", f"PATCH {SPACE}"),
    "me-staff": Planted("mass assignment", f"PATCH {ME}"),
    "accept-role": Planted("mass assignment", f"POST {ACCEPT}"),
    "invite-by-member": Planted("function", f"POST {INVITATIONS}"),
    "audit-by-member": Planted("function", f"GET {AUDIT}"),
    "archive-by-member": Planted("function", f"POST {PROJECT}archive/"),
    "bulk-delete-by-viewer": Planted("function", f"POST {ISSUES}bulk_delete/"),
    "role-by-member": Planted("function", f"PATCH {MEMBER}"),
    "staff-open": Planted("function", f"GET {STAFF}"),
    "project-key": Planted("existence", f"POST {PROJECTS}"),
    "export-403": Planted("existence", f"GET {EXPORT}"),
    "issue-etag": Planted("existence", f"GET {ISSUE}"),
    "export-project": Planted("job", f"POST {EXPORTS}"),
    "export-unsigned": Planted("link", f"GET {EXPORT}download/"),
    "file-signature": Planted("link", f"GET {FILE}download/"),
    "logout-nothing": Planted("revoked", f"POST {LOGOUT}"),
    "password-keeps": Planted("revoked", f"POST {PASSWORD}"),
    "member-undead": Planted("revoked", f"DELETE {MEMBER}"),
    "token-undead": Planted("revoked", f"DELETE {TOKEN}"),
    "invitation-undead": Planted("revoked", f"DELETE {INVITATION}"),
    "secret-rotate": Planted("write", f"POST {HOOK}rotate_secret/"),
    "token-readonly": Planted("scope", f"POST {TOKENS}"),
    "note-read": Planted("write", f"POST {NOTE}read/"),
    "view-read": Planted("colleague", f"GET {VIEW}"),
    "entries-user": Planted("colleague", f"GET {ENTRIES}"),
    "comment-patch": Planted("colleague", f"PATCH {COMMENT}"),
}
# What every build does, and is right.
TRAPS = (
    (f"GET {API}/plans/", "the same list for everybody, without signing in"),
    (f"GET {API}/issue-types/", "the same list for everybody who signs in"),
    (f"GET {LABELS}", "labels of the system are everybody's, with the same ids"),
    (f"GET {LABEL}", "a label of the system is read by everybody; its issues are the caller's"),
    (f"DELETE {LABEL}", "403, not 404, for a label of the system"),
    (f"GET {ROADMAP}", "whoever has the token reads what a project has made public"),
    (f"POST {LOGIN}", "anybody may sign in; a new token each time"),
    (f"PATCH {ME}", "is_staff and memberships in the body are ignored, with 200"),
    (f"GET {ME}", "names all workspaces of the caller"),
    (f"GET {USERS}", "colleagues of all of one's workspaces, with their addresses"),
    (f"PATCH {SPACE}", "plan and slug in the body are ignored, with 200"),
    (f"GET {SPACE}stats/", "api_calls goes up with every request of the workspace"),
    (f"POST {INVITATIONS}", "an address that has an account elsewhere is answered the same"),
    (f"POST {ACCEPT}", "whoever has the token joins a foreign workspace, once"),
    (f"POST {PROJECTS}", "400 for a key that the workspace has; others may have it too"),
    (f"PATCH {PROJECT}", "workspace in the body is ignored, with 200"),
    (f"POST {PROJECT}archive/", "200 also the second time, changing nothing"),
    (f"GET {PROJECT}summary/", "is from a cache, of the caller's own project"),
    (f"GET {PROJECT}summary/", "adds up the time of all colleagues, whose entries are hidden"),
    (f"GET {ISSUES}", "a project or an assignee of others finds nothing, with 200"),
    (f"GET {ISSUES}", "an unknown ordering or expansion is ignored, with 200"),
    (f"GET {ISSUES}trash/", "what was deleted here is still listed, with its title"),
    (f"GET {ISSUE}", "304 for the ETag of one's own issue"),
    (f"DELETE {ISSUE}", "the issue is in the trash afterwards and can be restored"),
    (f"POST {ISSUES}", "workspace, key and reporter in the body are ignored, with 201"),
    (f"POST {ISSUES}", "400 repeats the primary key of others that was sent"),
    (f"POST {ISSUES}bulk_update/", "200; foreign ids are repeated in skipped"),
    (f"POST {ISSUES}bulk_delete/", "204 whatever the ids are"),
    (f"PUT {ISSUE}star/", "204 for any id: only what the caller has marked"),
    (f"GET {API}/starred/", "marks on what the caller cannot see are left out"),
    (f"POST {COMMENTS}", "viewers may comment"),
    (f"DELETE {COMMENT}", "an admin takes back what a colleague has said"),
    (f"PATCH {COMMENT}", "403 for a colleague's comment that one may read"),
    (f"GET {ENTRIES}", "admins see the time of everybody in the workspace"),
    (f"GET {VIEWS}", "a colleague's view is listed if it is shared"),
    (f"GET {EXPORT}download/", "whoever has the signed link reads it, without a credential"),
    (f"GET {FILE}download/", "whoever has the signed link reads it, without a credential"),
    (f"POST {HOOK}rotate_secret/", "a new secret each time, shown once"),
    (f"GET {API}/search/", "the question is repeated in the answer"),
    (f"POST {API}/feedback/", "202 for any issue, with nothing read or changed"),
)
ACME, BYTE = "acme-studio", "byte-works"
WORKSPACES = ((ACME, "Acme Studio"), (BYTE, "Byte Works"))
RANKS = ("viewer", "member", "admin")
# kim works in both workspaces and uli in none; both are in no target file. Nobody here is staff.
PEOPLE: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("ada", "ada-Kf83hd", {ACME: "admin"}),
    ("abe", "abe-92jdLq", {ACME: "member"}),
    ("amy", "amy-Pq0e7c", {ACME: "viewer"}),
    ("ben", "ben-1hGt5x", {BYTE: "admin"}),
    ("bea", "bea-Zw64mn", {BYTE: "member"}),
    ("bob", "bob-70sKvr", {BYTE: "viewer"}),
    ("kim", "kim-Xa5u2b", {BYTE: "member", ACME: "viewer"}),
    ("uli", "uli-c9Yt3e", {}),
)
ACTOR = """
[[actors]]
tenant = "{tenant}"
role = "{role}"
[actors.login]
path = "/api/auth/token/"
body = {{ username = "{name}", password = "${{PASSWORD_{name}}}" }}
token = "token"
send = "Authorization"
template = "Token {{token}}"
"""
NAMED = [each for each in PEOPLE if len(each[2]) == 1]
SEATS = {"viewer": "viewer", "member": "member", "admin": "owner"}  # how a target file has them
ACTORS = "".join(
    ACTOR.format(tenant="acme" if workspace == ACME else "byte", role=SEATS[role], name=name)
    for name, _, roles in NAMED
    for workspace, role in roles.items()
)
ENVIRONMENT = {f"PASSWORD_{name}": password for name, password, _ in NAMED}
HINTS = """
[hints]
roles = ["viewer", "member", "owner"]
public = [
    "GET /api/plans/",
    "GET /api/public/roadmaps/{token}/",
    "GET /api/exports/{id}/download/",
    "GET /api/attachments/{id}/download/",
]
shared = ["GET /api/issue-types/"]
"""
