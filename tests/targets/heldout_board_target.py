"""What is wrong with each build of the board, what only looks so, and how is it described?

Written before its author had read the engine; committed before the first run.
"""

from __future__ import annotations

from tests.targets.heldout import Planted

SPACE = "/w/{workspace}"
PAGES, KEYS, EXPORT = f"{SPACE}/pages", f"{SPACE}/keys", f"{SPACE}/exports/{{exportId}}"
PAGE, SEARCH, KEY = f"{PAGES}/{{pageId}}", f"{SPACE}/searches/{{searchId}}", f"{KEYS}/{{keyId}}"
COMMENTS, LINK = f"{PAGE}/comments", f"{SPACE}/links/{{linkId}}"
FLAWS = {
    "page-read": Planted("read", f"GET {PAGE}"),
    "workspace-read": Planted("read", f"GET {SPACE}"),
    "search-results": Planted("read", f"GET {SEARCH}/results"),
    "export-read": Planted("job", f"GET {EXPORT}"),
    "export-file": Planted("job", f"GET {EXPORT}/file"),
    "comments-list": Planted("nested", f"GET {COMMENTS}"),
    "comment-add": Planted("nested", f"POST {COMMENTS}"),
    "page-patch": Planted("write", f"PATCH {PAGE}"),
    "page-restore": Planted("write", f"POST {PAGE}/restore"),
    "search-put": Planted("write", f"PUT {SEARCH}"),
    "key-rotate": Planted("write", f"POST {KEY}/rotate"),
    "page-delete": Planted("delete", f"DELETE {PAGE}"),
    "comment-delete": Planted("delete", f"DELETE {COMMENTS}/{{commentId}}"),
    "search-delete": Planted("delete", f"DELETE {SEARCH}"),
    "key-revoke": Planted("delete", f"DELETE {KEY}"),
    "invitation-delete": Planted("delete", f"DELETE {SPACE}/invitations/{{invitationId}}"),
    "link-make": Planted("link", f"POST {PAGE}/links"),
    "link-delete": Planted("link", f"DELETE {LINK}"),
    "archive-any": Planted("bulk", f"POST {PAGES}/archive"),
    "page-parent": Planted("reference", f"POST {PAGES}"),
    "mention-any": Planted("reference", f"POST {COMMENTS}"),
    "pages-all": Planted("list", f"GET {PAGES}"),
    "trash-all": Planted("list", f"GET {SPACE}/trash"),
    "activity-all": Planted("list", f"GET {SPACE}/activity"),
    "members-any": Planted("list", f"GET {SPACE}/members"),
    "search-all": Planted("search", f"GET {SPACE}/search"),
    "usage-all": Planted("count", f"GET {SPACE}/usage"),
    "cursor-foreign": Planted("cursor", f"GET {PAGES}"),
    "page-planted": Planted("mass assignment", f"POST {PAGES}"),
    "page-moved": Planted("mass assignment", f"PATCH {PAGE}"),
    "import-workspace": Planted("mass assignment", f"POST {SPACE}/import"),
    "key-scopes": Planted("mass assignment", f"POST {KEYS}"),
    "me-staff": Planted("mass assignment", "PATCH /me"),
    "header-acting": Planted("header", "GET /me"),
    "key-outlived": Planted("revoked", f"POST {KEY}/rotate"),
    "key-undead": Planted("revoked", f"DELETE {KEY}"),
    "signout-nothing": Planted("revoked", "POST /auth/signout"),
    "link-undead": Planted("revoked", f"DELETE {LINK}"),
    "guest-page": Planted("function", f"POST {PAGES}"),
    "guest-invite": Planted("function", f"POST {SPACE}/invitations"),
    "guest-role": Planted("function", f"PATCH {SPACE}/members/{{userId}}"),
    "guest-settings": Planted("function", f"PATCH {SPACE}"),
    "guest-keys": Planted("function", f"GET {KEYS}"),
    "guest-export": Planted("function", f"POST {SPACE}/exports"),
    "workspace-exists": Planted("existence", f"GET {SPACE}"),
    "page-exists": Planted("existence", f"GET {PAGE}"),
}
# What every build does, and is right.
TRAPS = (
    ("GET /status", "public"),
    ("GET /templates", "the same for all workspaces"),
    ("GET /s/{token}", "whoever has a share link may read its page"),
    (f"POST {SPACE}/invitations", "anybody may be invited, also who is in another workspace"),
    ("GET /w/{workspace}/members", "guests see everybody; one user is in both workspaces"),
    ("GET /users/lookup", "everybody finds everybody by exact address, with a name"),
    (f"POST {PAGES}", "workspace and createdBy in the body are ignored"),
    (f"PATCH {PAGE}", "workspace and createdBy in the body are ignored, with 200"),
    ("POST /w/{workspace}/import", "a column workspace is ignored"),
    (f"POST {KEYS}", "scopes beyond one's own are dropped"),
    ("PATCH /me", "isStaff in the body is ignored"),
    ("GET /me", "the documented header X-Acting-As is ignored"),
    (f"POST {COMMENTS}", "mentions of strangers are dropped"),
    (f"DELETE {SEARCH}", "204 also for what is not there, without effect"),
    (f"POST {PAGES}/archive", "ids of others are repeated as skipped, without effect"),
    ("GET /w/{workspace}/search", "the question is repeated in the answer"),
    ("POST /feedback", "202 for any page's id, with nothing read or changed"),
)
# User ids are what /me says; the tokens are sessions of the web application.
TOKENS = {
    "nora": "sess_nora_c4b8e12f",
    "nell": "sess_nell_90f3d7a1",
    "sam": "sess_sam_2e6a55cd",
    "sue": "sess_sue_7b1c0934",
}
SEATS = (
    ("north", "owner", "nora"),
    ("north", "guest", "nell"),
    ("south", "owner", "sam"),
    ("south", "guest", "sue"),
)
ACTOR = """
[[actors]]
tenant = "{tenant}"
role = "{role}"
headers = {{ Authorization = "Bearer ${{{variable}}}" }}
"""
ACTORS = "".join(
    ACTOR.format(tenant=tenant, role=role, variable=f"TOKEN_{name}") for tenant, role, name in SEATS
)
ENVIRONMENT = {f"TOKEN_{name}": token for name, token in TOKENS.items()}
HINTS = """
[hints]
roles = ["guest", "owner"]
public = ["GET /status", "GET /s/{token}"]
shared = ["GET /templates", "GET /users/lookup"]
"""
