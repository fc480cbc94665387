"""What is wrong with each build of the media service, what only looks so, how is it described?

Written before its author had read the engine; committed before the first run.
"""

from __future__ import annotations

from tests.targets.heldout import Planted

AUTH, USER = "/v1/auth", "/v1/users/{user}"
NOTES = f"{USER}/notifications"
MARK = f"{NOTES}:batchMarkRead"
WORKSPACES = (("harbor", "Harbor Pictures", "TEAM"), ("summit", "Summit Media", "FREE"))
SPACE = "/v1/workspaces/{workspace}"
PROJECTS, PROJECT = f"{SPACE}/projects", f"{SPACE}/projects/{{project}}"
ASSETS, ASSET = f"{PROJECT}/assets", f"{PROJECT}/assets/{{asset}}"
COMMENTS, COMMENT = f"{ASSET}/comments", f"{ASSET}/comments/{{comment}}"
TASKS, TASK = f"{PROJECT}/tasks", f"{PROJECT}/tasks/{{task}}"
LINKS, LINK = f"{PROJECT}/shareLinks", f"{PROJECT}/shareLinks/{{shareLink}}"
COLLECTIONS, COLLECTION = f"{SPACE}/collections", f"{SPACE}/collections/{{collection}}"
VIEWS, VIEW = f"{SPACE}/savedViews", f"{SPACE}/savedViews/{{savedView}}"
ACCOUNTS, ACCOUNT = f"{SPACE}/serviceAccounts", f"{SPACE}/serviceAccounts/{{serviceAccount}}"
KEYS, KEY = f"{ACCOUNT}/keys", f"{ACCOUNT}/keys/{{key}}"
AUDIT, EXPORTS = f"{SPACE}/auditLogEntries", f"{SPACE}/exports"
EXPORT = f"{EXPORTS}/{{export}}"
OPERATIONS, OPERATION = "/v1/operations", "/v1/operations/{operation}"
MEDIA, SHARED = "/v1/media/{media}", "/v1/shared/{token}"
FLAWS = {
    "asset-get": Planted("read", f"GET {ASSET}"),
    "project-policy-get": Planted("read", f"GET {PROJECT}:getIamPolicy"),
    "asset-body-name": Planted("write", f"PATCH {ASSET}"),
    "project-archive": Planted("write", f"POST {PROJECT}:archive"),
    "asset-undelete": Planted("write", f"POST {ASSET}:undelete"),
    "asset-delete": Planted("delete", f"DELETE {ASSET}"),
    "comment-nested": Planted("nested", f"GET {COMMENT}"),
    "link-nested": Planted("nested", f"DELETE {LINK}"),
    "assets-batch-get": Planted("bulk", f"GET {ASSETS}:batchGet"),
    "assets-batch-update": Planted("bulk", f"POST {ASSETS}:batchUpdate"),
    "assets-batch-delete": Planted("bulk", f"POST {ASSETS}:batchDelete"),
    "notifications-mark": Planted("bulk", f"POST {MARK}"),
    "move-destination": Planted("reference", f"POST {ASSET}:move"),
    "clone-source": Planted("reference", f"POST {PROJECTS}:clone"),
    "task-asset": Planted("reference", f"POST {TASKS}"),
    "asset-source": Planted("reference", f"POST {ASSETS}"),
    "collection-assets": Planted("reference", f"POST {COLLECTION}:addAssets"),
    "share-asset": Planted("reference", f"POST {LINKS}"),
    "assets-filter": Planted("list", f"GET {ASSETS}"),
    "projects-deleted": Planted("list", f"GET {PROJECTS}"),
    "tasks-wildcard": Planted("list", f"GET {TASKS}"),
    "search-all": Planted("search", f"GET {SPACE}:search"),
    "assets-total": Planted("count", f"GET {ASSETS}"),
    "usage-all": Planted("count", f"GET {SPACE}/usage"),
    "audit-page": Planted("cursor", f"GET {AUDIT}"),
    "project-creator": Planted("mass assignment", f"POST {PROJECTS}"),
    "asset-state": Planted("mass assignment", f"PATCH {ASSET}"),
    "user-email": Planted("mass assignment", f"PATCH {USER}"),
    "workspace-plan": Planted("mass assignment", f"PATCH {SPACE}"),
    "policy-by-editor": Planted("function", f"POST {SPACE}:setIamPolicy"),
    "approve-by-viewer": Planted("function", f"POST {TASK}:approve"),
    "project-id-taken": Planted("existence", f"POST {PROJECTS}"),
    "etag-first": Planted("existence", f"DELETE {PROJECT}"),
    "operation-get": Planted("job", f"GET {OPERATION}"),
    "operation-cancel": Planted("job", f"POST {OPERATION}:cancel"),
    "export-download": Planted("job", f"GET {EXPORT}:download"),
    "signature-any": Planted("link", f"GET {MEDIA}"),
    "link-undead": Planted("revoked", f"DELETE {LINK}"),
    "sign-out-refresh": Planted("revoked", f"POST {AUTH}:signOut"),
    "key-undead": Planted("revoked", f"DELETE {KEY}"),
    "binding-undead": Planted("revoked", f"POST {SPACE}:setIamPolicy"),
    "exchange-scopes": Planted("scope", f"POST {AUTH}:exchangeKey"),
    "header-workspace": Planted("header", f"GET {OPERATIONS}"),
    "view-colleague": Planted("colleague", f"GET {VIEW}"),
    "comment-colleague": Planted("colleague", f"PATCH {COMMENT}"),
}
# What every build does, and is right.
TRAPS = (
    ("GET /v1/formats", "the same list for everybody, without signing in"),
    ("GET /v1/formats/{format}", "a format has no workspace and is everybody's"),
    (f"POST {AUTH}:signIn", "anybody may sign in; the tokens are new each time"),
    (f"POST {AUTH}:refresh", "a refresh token works once; the access token before goes on"),
    (f"POST {AUTH}:exchangeKey", "whoever has a key is its service account, within its scopes"),
    (f"POST {AUTH}:signOut", "other sessions of the same user go on"),
    (f"POST {AUTH}:changePassword", "the session that changes the password goes on"),
    (f"GET {USER}", "me is whoever asks; colleagues are shown with their addresses"),
    (f"PATCH {USER}", "email in the body is ignored, with 200"),
    ("GET /v1/workspaces", "all workspaces of the caller, also a guest's in one project"),
    (f"GET {SPACE}", "403 for workspaces of others and for none alike, with the name repeated"),
    (f"PATCH {SPACE}", "plan in the body is ignored, with 200"),
    (f"POST {SPACE}:testIamPermissions", "200 with nothing for workspaces of others, as for none"),
    (f"POST {SPACE}:setIamPolicy", "an owner may let in addresses of anybody, known or not"),
    (f"POST {SPACE}:setIamPolicy", "409 for an old etag of one's own policy"),
    (f"GET {PROJECT}", "a deleted project of one's own is still shown, as DELETED"),
    (f"GET {PROJECT}", "guests of a single project read it by its own policy"),
    (f"GET {PROJECTS}", "showDeleted lists the workspace's deleted projects"),
    (f"POST {PROJECTS}", "two workspaces may have the same project id"),
    (f"POST {PROJECTS}", "creator and state in the body are ignored, with 200"),
    (f"POST {PROJECTS}", "with validateOnly 200 and a name that nobody finds afterwards"),
    (f"DELETE {PROJECT}", "404 the second time, though GET still shows it"),
    (f"GET {ASSETS}", "projects/- lists the assets of all projects of the workspace"),
    (f"GET {ASSETS}", "a filter for assets of others finds nothing, with 200"),
    (f"GET {ASSETS}:batchGet", "with projects/- assets of several projects at once"),
    (f"PATCH {ASSET}", "name and state in the body are ignored, with 200"),
    (f"PATCH {ASSET}", "409 for an old etag of one's own asset"),
    (f"POST {ASSET}:move", "moves between two projects of a workspace, by a new name"),
    (f"POST {ASSET}:signUrl", "a viewer may hand out a link to what the viewer reads"),
    (f"GET {MEDIA}", "whoever has the signed link reads the file, without a credential"),
    (f"GET {SHARED}", "whoever has the token sees what is shared, without a credential"),
    (f"GET {LINKS}", "editors see the tokens of links that colleagues made"),
    (f"POST {KEYS}", "the secret is shown once, and again never"),
    (f"GET {VIEWS}", "not even owners see the views that colleagues saved"),
    (f"PATCH {COMMENT}", "403 for owners too: only authors change what they wrote"),
    (f"DELETE {COMMENT}", "owners delete comments of colleagues"),
    (f"GET {OPERATIONS}", "the header chooses among the caller's workspaces"),
    (f"POST {OPERATION}:cancel", "200 also for an operation that is done, and nothing happens"),
    ("POST /v1/feedback", "200 for any resource name, with nothing read or changed"),
)
RANKS = ("viewer", "editor", "owner")
# kim works for both workspaces and uli for none; both are in no target file.
PEOPLE: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("108834", "ada@harbor.example", "Ada-8fKq2", {"harbor": "owner"}),
    ("112076", "eli@harbor.example", "Eli-77dPz", {"harbor": "editor"}),
    ("115209", "vic@harbor.example", "Vic-1xWe9", {"harbor": "viewer"}),
    ("120447", "ola@summit.example", "Ola-5rTy3", {"summit": "owner"}),
    ("124980", "edo@summit.example", "Edo-0pLs6", {"summit": "editor"}),
    ("131365", "val@summit.example", "Val-4vBn8", {"summit": "viewer"}),
    ("137702", "kim@both.example", "Kim-2hJm7", {"summit": "editor", "harbor": "viewer"}),
    ("140018", "uli@free.example", "Uli-9cXd1", {}),
)
ACTOR = """
[[actors]]
tenant = "{tenant}"
role = "{role}"
[actors.login]
path = "/v1/auth:signIn"
body = {{ email = "{email}", password = "${{PASSWORD_{name}}}" }}
token = "accessToken"
"""
NAMED = [each for each in PEOPLE if len(each[3]) == 1]
ACTORS = "".join(
    ACTOR.format(tenant=at, role=role, email=email, name=email.partition("@")[0].upper())
    for _, email, _, roles in NAMED
    for at, role in roles.items()
)
ENVIRONMENT = {
    f"PASSWORD_{email.partition('@')[0].upper()}": password for _, email, password, _ in NAMED
}
HINTS = """
[hints]
roles = ["viewer", "editor", "owner"]
public = [
    "GET /v1/formats", "GET /v1/formats/{format}",
    "GET /v1/media/{media}", "GET /v1/shared/{token}",
]
values = { user = "me", format = "mp4" }
"""
