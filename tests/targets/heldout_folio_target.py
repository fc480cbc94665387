"""What is wrong with each build of the knowledge base, what only looks so, how is it described?

Written before its author had read the engine; committed before the first run.
"""

from __future__ import annotations

from tests.targets.heldout import Planted

ARTICLES, SPACES, LABELS = "/v1/articles", "/v1/spaces", "/v1/labels"
ARTICLE, SPACE = f"{ARTICLES}/{{article}}", f"{SPACES}/{{space}}"
REVISION, COMMENTS = f"{ARTICLE}/revisions/{{revision}}", f"{ARTICLE}/comments"
COMMENT, FILES = f"{COMMENTS}/{{comment}}", f"{ARTICLE}/attachments"
FILE, CONTENT = f"{FILES}/{{attachment}}", "/v1/attachments/{attachment}/content"
DRAFTS, DRAFT, LABEL = "/v1/drafts", "/v1/drafts/{draft}", f"{LABELS}/{{label}}"
LINKS, LINK, SHARED = f"{ARTICLE}/share_links", "/v1/share_links/{share_link}", "/v1/shared/{token}"
HOOKS = "/v1/webhook_endpoints"
HOOK = f"{HOOKS}/{{webhook_endpoint}}"
DELIVERIES = f"{HOOK}/deliveries"
EXPORT, JOB = "/v1/exports/{export}", "/v1/jobs/{job}"
DOWNLOAD = f"{EXPORT}/download"
KEYS, KEY, MEMBER = "/v1/api_keys", "/v1/api_keys/{api_key}", "/v1/members/{member}"
INVITATIONS, INVITATION = "/v1/invitations", "/v1/invitations/{invitation}"
INVOICE = "/v1/invoices/{invoice}"
FLAWS = {
    "article-read": Planted("read", f"GET {ARTICLE}"),
    "invoice-read": Planted("read", f"GET {INVOICE}"),
    "attachment-content": Planted("read", f"GET {CONTENT}"),
    "idempotent-replay": Planted("read", f"POST {ARTICLES}"),
    "article-patch": Planted("write", f"PATCH {ARTICLE}"),
    "revision-revert": Planted("write", f"POST {REVISION}/revert"),
    "webhook-patch": Planted("write", f"PATCH {HOOK}"),
    "article-delete": Planted("delete", f"DELETE {ARTICLE}"),
    "label-delete": Planted("delete", f"DELETE {LABEL}"),
    "invitation-delete": Planted("delete", f"DELETE {INVITATION}"),
    "comments-list": Planted("nested", f"GET {COMMENTS}"),
    "revision-elsewhere": Planted("nested", f"GET {REVISION}"),
    "attachment-elsewhere": Planted("nested", f"DELETE {FILE}"),
    "deliveries-list": Planted("nested", f"GET {DELIVERIES}"),
    "bulk-update": Planted("bulk", f"POST {ARTICLES}/bulk_update"),
    "bulk-delete": Planted("bulk", f"POST {ARTICLES}/bulk_delete"),
    "labels-merge": Planted("bulk", f"POST {LABELS}/merge"),
    "article-space": Planted("reference", f"POST {ARTICLES}"),
    "article-labels": Planted("reference", f"PATCH {ARTICLE}"),
    "move-space": Planted("reference", f"POST {ARTICLE}/move"),
    "draft-article": Planted("reference", f"POST {DRAFTS}"),
    "export-space": Planted("reference", "POST /v1/exports"),
    "articles-space": Planted("list", f"GET {ARTICLES}"),
    "articles-archived": Planted("list", f"GET {ARTICLES}"),
    "webhooks-all": Planted("list", f"GET {HOOKS}"),
    "activity-type": Planted("list", "GET /v1/activity"),
    "search-all": Planted("search", "GET /v1/search"),
    "stats-all": Planted("count", "GET /v1/stats"),
    "articles-total": Planted("count", f"GET {ARTICLES}"),
    "label-counts": Planted("count", f"GET {LABELS}"),
    "cursor-foreign": Planted("cursor", f"GET {ARTICLES}"),
    "activity-page": Planted("cursor", "GET /v1/activity"),
    "article-organization": Planted("mass assignment", f"PATCH {ARTICLE}"),
    "space-organization": Planted("mass assignment", f"POST {SPACES}"),
    "organization-plan": Planted("mass assignment", "PATCH /v1/organization"),
    "accept-role": Planted("mass assignment", f"POST {INVITATIONS}/accept"),
    "invite-by-editor": Planted("function", f"POST {INVITATIONS}"),
    "invoices-by-editor": Planted("function", "GET /v1/invoices"),
    "bulk-delete-by-viewer": Planted("function", f"POST {ARTICLES}/bulk_delete"),
    "space-key-taken": Planted("existence", f"POST {SPACES}"),
    "if-match-first": Planted("existence", f"PATCH {SPACE}"),
    "export-read": Planted("job", f"GET {EXPORT}"),
    "job-read": Planted("job", f"GET {JOB}"),
    "download-unsigned": Planted("link", f"GET {DOWNLOAD}"),
    "share-foreign": Planted("link", f"POST {LINKS}"),
    "signout-nothing": Planted("revoked", "DELETE /v1/sessions/current"),
    "member-undead": Planted("revoked", f"DELETE {MEMBER}"),
    "key-rolled": Planted("revoked", f"POST {KEY}/roll"),
    "share-undead": Planted("revoked", f"DELETE {LINK}"),
    "key-readonly": Planted("scope", f"POST {KEYS}"),
    "key-mints-keys": Planted("scope", f"POST {KEYS}"),
    "header-organization": Planted("header", f"GET {ARTICLES}"),
    "draft-read": Planted("colleague", f"GET {DRAFT}"),
    "drafts-all": Planted("colleague", f"GET {DRAFTS}"),
    "draft-publish": Planted("colleague", f"POST {DRAFT}/publish"),
}
# What every build does, and is right.
TRAPS = (
    ("GET /v1/prices", "the same list for everybody, without signing in"),
    (f"GET {LABELS}", "labels of the system are everybody's, with the same ids"),
    ("POST /v1/sessions", "anybody may sign in; a session is always a new token"),
    ("GET /v1/me", "names all organizations of the caller, also the one that is not asked for"),
    ("PATCH /v1/me", "role and organization in the body are ignored, with 200"),
    ("PATCH /v1/organization", "plan in the body is ignored, with 200"),
    ("GET /v1/members", "everybody in an organization sees the addresses of the others"),
    (f"POST {INVITATIONS}/accept", "whoever has the token joins a foreign organization"),
    (f"DELETE {INVITATION}", "200 also for one's own that was taken back already"),
    (f"GET {ARTICLES}", "a space of others finds nothing, with 200"),
    (f"GET {ARTICLES}", "400 for a cursor of others, which is repeated in the message"),
    (f"GET {ARTICLE}", "404 repeats the id that was asked for"),
    (f"GET {ARTICLE}", "an archived article of one's own is still shown, as archived"),
    (f"POST {ARTICLES}", "the same Idempotency-Key gives the same article again, with 201"),
    (f"POST {ARTICLES}", "two organizations may use the same Idempotency-Key"),
    (f"POST {ARTICLES}", "author and organization in the body are ignored, with 201"),
    (f"DELETE {ARTICLE}", "200 with deleted: true, also the second time"),
    (f"POST {SPACES}", "409 for a key that the organization has; others may have it too"),
    (f"PATCH {SPACE}", "412 for an old ETag of one's own space"),
    (f"POST {ARTICLES}/bulk_update", "200; foreign ids are repeated in not_found"),
    (f"POST {ARTICLES}/bulk_delete", "202 with a job, whatever the ids are"),
    (f"GET {JOB}", "foreign ids are repeated in not_found"),
    (f"POST {LABELS}/merge", "200; foreign ids are repeated in skipped"),
    (f"PUT {ARTICLE}/bookmark", "204 for any id: only what the caller has marked"),
    (f"DELETE {ARTICLE}/bookmark", "204 also when nothing was there"),
    ("GET /v1/me/bookmarks", "bookmarks of what the caller cannot see are left out"),
    (f"PATCH {COMMENT}", "403 for a colleague's comment that one may read"),
    (f"DELETE {COMMENT}", "an owner takes back what a colleague has said"),
    (f"POST {COMMENTS}", "viewers may comment"),
    (f"GET {DRAFTS}", "not even owners see the drafts of others"),
    (f"GET {SHARED}", "whoever has the link reads the article"),
    (f"GET {DOWNLOAD}", "whoever has the signed link reads the export, without a credential"),
    ("GET /v1/search", "the question is repeated in the answer"),
    ("GET /v1/stats", "api_requests goes up with every request of the organization"),
    ("GET /v1/activity", "grows with what colleagues do"),
    ("POST /v1/support_requests", "202 for any article, with nothing read or changed"),
    (f"POST {KEY}/roll", "a new secret each time"),
)
ACME, BYTE = "org_acme4f0c", "org_byte91d7"
ORGANIZATIONS = ((ACME, "Acme Docs"), (BYTE, "Byte Works"))
RANKS = ("viewer", "editor", "owner")
# kim works for both organizations and uli for none; both are in no target file.
PEOPLE: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("ada", "ada-Kf83hd", {ACME: "owner"}),
    ("abe", "abe-92jdLq", {ACME: "editor"}),
    ("amy", "amy-Pq0e7c", {ACME: "viewer"}),
    ("ben", "ben-1hGt5x", {BYTE: "owner"}),
    ("bea", "bea-Zw64mn", {BYTE: "editor"}),
    ("bob", "bob-70sKvr", {BYTE: "viewer"}),
    ("kim", "kim-Xa5u2b", {BYTE: "editor", ACME: "viewer"}),
    ("uli", "uli-c9Yt3e", {}),
)
ACTOR = """
[[actors]]
tenant = "{tenant}"
role = "{role}"
[actors.login]
path = "/v1/sessions"
body = {{ email = "{name}@folio.example", password = "${{PASSWORD_{name}}}" }}
token = "token"
"""
NAMED = [each for each in PEOPLE if len(each[2]) == 1]
ACTORS = "".join(
    ACTOR.format(tenant="acme" if organization == ACME else "byte", role=role, name=name)
    for name, _, roles in NAMED
    for organization, role in roles.items()
)
ENVIRONMENT = {f"PASSWORD_{name}": password for name, password, _ in NAMED}
HINTS = """
[hints]
roles = ["viewer", "editor", "owner"]
public = ["GET /v1/prices", "GET /v1/shared/{token}", "GET /v1/exports/{export}/download"]
"""
