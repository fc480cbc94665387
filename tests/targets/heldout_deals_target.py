"""What is wrong with each build of the CRM, what only looks so, and how is it described?

Written before its author had read the engine; committed before the first run.
"""

from __future__ import annotations

from tests.targets.heldout import Planted

CONTACT, DEAL = "/contacts/{contactId}", "/deals/{dealId}"
COMMENTS, HOOK = f"{DEAL}/comments", "/webhooks/{webhookId}"
COMMENT, DELIVERIES = f"{COMMENTS}/{{commentId}}", f"{HOOK}/deliveries"
REDELIVER = f"{DELIVERIES}/{{deliveryId}}/redeliver"
VIEW, USER = "/views/{viewId}", "/users/{userId}"
INVITATION, KEY = "/invitations/{invitationId}", "/api-keys/{keyId}"
EXPORT, IMPORT = "/exports/{exportId}", "/imports/{importId}"
DOWNLOAD, UNDO = "/downloads/{exportId}", "/undo/{operationId}"
NOTICE = "/notifications/{notificationId}/read"
FLAWS = {
    "contact-read": Planted("read", f"GET {CONTACT}"),
    "deal-expand": Planted("read", f"GET {DEAL}"),
    "view-read": Planted("read", f"GET {VIEW}"),
    "view-results": Planted("read", f"GET {VIEW}/results"),
    "contact-patch": Planted("write", f"PATCH {CONTACT}"),
    "contact-restore": Planted("write", f"POST {CONTACT}/restore"),
    "deal-patch": Planted("write", f"PATCH {DEAL}"),
    "deal-clone": Planted("write", f"POST {DEAL}/clone"),
    "undo-any": Planted("write", f"POST {UNDO}"),
    "notification-read": Planted("write", f"POST {NOTICE}"),
    "deal-delete": Planted("delete", f"DELETE {DEAL}"),
    "webhook-delete": Planted("delete", f"DELETE {HOOK}"),
    "invitation-delete": Planted("delete", f"DELETE {INVITATION}"),
    "comments-list": Planted("nested", f"GET {COMMENTS}"),
    "comment-elsewhere": Planted("nested", f"DELETE {COMMENT}"),
    "deliveries-list": Planted("nested", f"GET {DELIVERIES}"),
    "redeliver-elsewhere": Planted("nested", f"POST {REDELIVER}"),
    "batch-get": Planted("bulk", "POST /contacts/batch"),
    "batch-update": Planted("bulk", "POST /contacts/batch"),
    "merge-foreign": Planted("bulk", "POST /contacts/merge"),
    "import-upsert": Planted("bulk", "POST /imports"),
    "deal-contact": Planted("reference", "POST /deals"),
    "patch-contact": Planted("reference", f"PATCH {DEAL}"),
    "transfer-owner": Planted("reference", f"POST {DEAL}/transfer"),
    "invitation-role": Planted("reference", "POST /invitations"),
    "comment-mention": Planted("reference", f"POST {COMMENTS}"),
    "switch-any": Planted("reference", "POST /sessions/switch"),
    "contacts-filter": Planted("list", "GET /contacts"),
    "webhooks-all": Planted("list", "GET /webhooks"),
    "audit-org": Planted("list", "GET /audit-log"),
    "search-deals": Planted("search", "GET /search"),
    "stats-all": Planted("count", "GET /stats"),
    "contacts-count": Planted("count", "GET /contacts"),
    "skiptoken-foreign": Planted("cursor", "GET /contacts"),
    "deal-org": Planted("mass assignment", f"PATCH {DEAL}"),
    "contact-org": Planted("mass assignment", "POST /contacts"),
    "organization-plan": Planted("mass assignment", "PATCH /organization"),
    "accept-role": Planted("mass assignment", "POST /invitations/accept"),
    "role-by-rep": Planted("function", "POST /roles"),
    "audit-by-rep": Planted("function", "GET /audit-log"),
    "merge-by-viewer": Planted("function", "POST /contacts/merge"),
    "export-by-viewer": Planted("function", "POST /exports"),
    "contact-exists": Planted("existence", f"GET {CONTACT}"),
    "export-read": Planted("job", f"GET {EXPORT}"),
    "import-read": Planted("job", f"GET {IMPORT}"),
    "download-unsigned": Planted("link", f"GET {DOWNLOAD}"),
    "signout-nothing": Planted("revoked", "DELETE /sessions/current"),
    "removed-user": Planted("revoked", f"DELETE {USER}"),
    "invitation-reused": Planted("revoked", "POST /invitations/accept"),
    "key-undead": Planted("revoked", f"DELETE {KEY}"),
    "key-readonly": Planted("scope", "POST /api-keys"),
    "header-org": Planted("header", "GET /contacts"),
}
# What every build does, and is right.
TRAPS = (
    ("GET /currencies", "the same list for everybody, without signing in"),
    ("GET /roles", "the three roles that are built in are everybody's, with the same ids"),
    ("POST /sessions", "anybody may sign in; a session is always a new token"),
    ("POST /sessions/switch", "whoever works for two organizations changes to the other one"),
    ("POST /sessions/switch", "the token of before goes on for its own organization"),
    ("GET /me", "names all organizations of the caller, also the one not signed in to"),
    ("PATCH /me", "role and organizationId in the body are ignored, with 200"),
    ("PATCH /organization", "plan in the body is ignored, with 200"),
    ("GET /users", "everybody in an organization sees the addresses of the others"),
    ("POST /invitations/accept", "whoever has a code gets into a foreign organization"),
    ("GET /contacts", "$filter=organizationId eq 57 finds nothing for others, with 200"),
    ("GET /contacts", "the header X-Organization-Id, which old clients send, is ignored"),
    ("POST /contacts", "409 for an address that this organization has; others may have it too"),
    ("POST /contacts/batch", "200; foreign ids are repeated in results with the status 404"),
    ("POST /contacts/merge", "200; foreign ids are repeated as skipped"),
    (f"PATCH {DEAL}", "a JSON Patch of an unknown path answers 200 and changes nothing"),
    (f"DELETE {DEAL}", "200 with the operation's id, which undoes it once"),
    (f"PUT {DEAL}/star", "204 for any id: only what the caller has starred"),
    ("GET /me/stars", "stars of what the caller cannot see are left out"),
    (f"POST {COMMENTS}", "unknown mentions are repeated as they were sent, nobody is told"),
    (f"DELETE {COMMENT}", "an admin takes back what a colleague has said"),
    ("GET /views", "shared views of colleagues stand among the caller's own"),
    (f"GET {DOWNLOAD}", "whoever has the signed link reads the export, without a credential"),
    ("GET /search", "the question is repeated in the answer"),
    ("GET /stats", "requestsToday goes up with every request of the organization"),
    ("GET /suggestions", "contacts of the caller's organization in random order"),
    ("GET /audit-log", "organizationId in the query is ignored"),
    ("POST /feedback", "202 for whatever is sent, with nothing read or changed"),
)
NORTHWIND, SOUTHBAY = 41, 57
ORGANIZATIONS = ((NORTHWIND, "Northwind"), (SOUTHBAY, "Southbay"))
# Users are the application's; bo works for both organizations and is in no target file.
PEOPLE = (
    (201, "nora", "nora-e71c", {NORTHWIND: 3}),
    (202, "nils", "nils-03bd", {NORTHWIND: 2}),
    (203, "nell", "nell-9a46", {NORTHWIND: 1}),
    (204, "sara", "sara-5d20", {SOUTHBAY: 3}),
    (205, "sven", "sven-c8f9", {SOUTHBAY: 2}),
    (206, "sofi", "sofi-71e3", {SOUTHBAY: 1}),
    (207, "bo", "bo-44d8", {SOUTHBAY: 2, NORTHWIND: 1}),
)
ACTOR = """
[[actors]]
tenant = "{tenant}"
role = "{role}"
[actors.login]
path = "/sessions"
body = {{ email = "{name}@crm.example", password = "${{PASSWORD_{name}}}" }}
token = "token"
"""
ACTORS = "".join(
    ACTOR.format(
        tenant="northwind" if NORTHWIND in roles else "southbay",
        role=("viewer", "rep", "owner")[next(iter(roles.values())) - 1],
        name=name,
    )
    for _, name, _, roles in PEOPLE
    if name != "bo"
)
ENVIRONMENT = {f"PASSWORD_{name}": password for _, name, password, _ in PEOPLE}
HINTS = """
[hints]
roles = ["viewer", "rep", "owner"]
public = ["GET /currencies", "GET /downloads/{exportId}"]
shared = ["GET /roles"]
"""
