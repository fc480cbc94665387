"""What can an attacker with a pencil do to the CRM, step by step?

`v` is the admin of Northwind and `w` its rep. At Southbay `a` is the admin, `m` the rep and `l` the
viewer; `b` is Bo, who is a rep there and a viewer at Northwind. `n` is nobody.
"""

from __future__ import annotations

from typing import Any

from tests.targets.heldout_attacks import Step, step
from tests.targets.heldout_deals_target import (
    COMMENT,
    COMMENTS,
    CONTACT,
    DEAL,
    DELIVERIES,
    DOWNLOAD,
    EXPORT,
    HOOK,
    IMPORT,
    INVITATION,
    KEY,
    NORTHWIND,
    NOTICE,
    PEOPLE,
    REDELIVER,
    SOUTHBAY,
    UNDO,
    USER,
    VIEW,
)

PASSWORDS = {name: password for _, name, password, _ in PEOPLE}
NORA, NILS, SVEN, SOFI, BO = 201, 202, 205, 206, 207


def entry(name: str, keep: str) -> Step:
    said = {"email": f"{name}@crm.example", "password": PASSWORDS[name]}
    return step("n", "POST /sessions", said, keep)


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {{{name}}}"}


def batch(method: str, key: str, **values: str) -> dict[str, Any]:
    return {"operations": [{"method": method, "contactId": key, "values": values}]}


def patch(path: str, value: Any) -> list[dict[str, Any]]:
    return [{"op": "replace", "path": path, "value": value}]


BEFORE = [
    entry("nora", "v=token"),
    entry("nils", "w=token"),
    entry("sara", "a=token"),
    entry("sven", "m=token"),
    entry("sofi", "l=token"),
    entry("bo", "b=token"),
    step("v", "POST /webhooks", {"url": "http://victim.example"}, "vh=id"),
    step("v", "POST /contacts", {"name": "victim's", "email": "v@v.example"}, "vc=id"),
    step("v", "POST /contacts", {"name": "victim's second", "phone": "123"}, "vc2=id"),
    step("v", "POST /contacts", {"name": "victim's old"}, "vt=id"),
    step("v", f"DELETE {CONTACT}", contactId="{vt}"),
    step("v", "POST /deals", {"title": "victim's deal", "contactId": "{vc}"}, "vd=id"),
    step("v", "POST /deals", {"title": "victim's other deal"}, "vd2=id"),
    step("v", f"DELETE {DEAL}", None, "vo=id", dealId="{vd2}"),
    step("v", f"GET {DELIVERIES}", None, "vy=id", webhookId="{vh}"),
    step("v", f"POST {COMMENTS}", {"text": "victim's", "mentions": [NILS]}, "vm=id", dealId="{vd}"),
    step("w", "GET /notifications", None, "vn=id"),
    step("v", "POST /views", {"name": "victim's", "filter": "name contains 'victim'"}, "vv=id"),
    step("v", "POST /roles", {"name": "victim's role", "permissions": ["audit"]}, "vr=id"),
    step("v", "POST /invitations", {"email": "x@x.example", "roleId": 1}, "vi=id code=code"),
    step("v", "POST /exports", None, "vx=id"),
    step("v", "POST /imports", {"rows": [{"name": "victim's", "email": "i@v.example"}]}, "vp=id"),
    step("v", "GET /contacts", {"$top": "1"}, "cursor=nextToken"),
    step("a", "POST /contacts", {"name": "attacker's", "email": "a@a.example"}, "ac=id"),
    step("a", "POST /contacts", {"name": "attacker's second"}, "ac2=id"),
    step("a", "POST /deals", {"title": "attacker's deal"}, "ad=id"),
    step("a", "POST /webhooks", {"url": "http://attacker.example"}, "ah=id"),
]
READS = [
    step("a", f"GET {CONTACT}", contactId="{vc}"),
    step("a", f"GET {DEAL}", dealId="{vd}"),
    step("a", f"GET {DEAL}", {"$expand": "contact"}, dealId="{vd}"),
    step("a", f"GET {VIEW}", viewId="{vv}"),
    step("w", f"GET {VIEW}", viewId="{vv}"),
    step("a", f"GET {VIEW}/results", viewId="{vv}"),
    step("a", f"GET {COMMENTS}", dealId="{vd}"),
    step("a", f"GET {DELIVERIES}", webhookId="{vh}"),
    step("a", "GET /contacts", {"$filter": f"organizationId eq {NORTHWIND}"}),
    step("a", "GET /contacts", {"$count": "true"}),
    step("a", "GET /contacts", {"$skiptoken": "{cursor}"}),
    step("a", "GET /contacts", headers={"X-Organization-Id": str(NORTHWIND)}),
    step("a", "GET /webhooks"),
    step("a", "GET /views"),
    step("a", "GET /deals"),
    step("a", "GET /users"),
    step("a", "GET /roles"),
    step("a", "GET /invitations"),
    step("a", "GET /api-keys"),
    step("a", "GET /notifications"),
    step("a", "GET /audit-log", {"organizationId": str(NORTHWIND)}),
    step("a", "GET /search", {"q": "victim"}),
    step("a", "GET /stats"),
    step("a", f"GET {EXPORT}", exportId="{vx}"),
    step("a", f"GET {IMPORT}", importId="{vp}"),
    step("a", f"GET {DOWNLOAD}", {"signature": "guessed"}, exportId="{vx}"),
    step("a", "POST /contacts/batch", batch("get", "{vc}")),
]
ROLES = [
    step("m", "POST /roles", {"name": "rep's own"}),
    step("m", "GET /audit-log"),
    step("l", "POST /contacts/merge", {"keepId": "{ac}", "mergeIds": ["{ac2}"]}),
    step("l", "POST /exports"),
    step("l", "POST /contacts", {"name": "viewer's"}),
    step("m", "POST /webhooks", {"url": "http://rep.example"}),
    step("m", "POST /invitations", {"email": "r@r.example", "roleId": 3}),
    step("m", f"PATCH {USER}", {"roleId": 3}, userId=str(SOFI)),
    step("l", "POST /contacts/batch", batch("update", "{ac}", name="viewer's")),
    step("a", "PATCH /organization", {"footer": "Bye", "plan": "enterprise"}),
    step("a", "POST /api-keys", {"name": "reader", "scopes": ["read"]}, "rk=secret"),
    step("n", "POST /contacts", {"name": "by a reader"}, headers=bearer("rk")),
]
WRITES = [
    step("a", "POST /contacts", {"name": "planted", "organizationId": NORTHWIND}),
    step("v", "GET /contacts"),
    step("a", "POST /deals", {"title": "attacker's", "contactId": "{vc}"}),
    step("a", f"PATCH {DEAL}", patch("/contactId", "{vc}"), dealId="{ad}"),
    step("a", f"POST {DEAL}/transfer", {"ownerId": NORA}, dealId="{ad}"),
    step("a", f"POST {DEAL}/transfer", {"ownerId": SVEN}, dealId="{vd}"),
    step("a", "POST /invitations", {"email": "y@y.example", "roleId": "{vr}"}),
    step("a", f"POST {COMMENTS}", {"text": "hello", "mentions": [NORA]}, dealId="{ad}"),
    step("a", f"POST {COMMENTS}", {"text": "hello"}, dealId="{vd}"),
    step("a", "POST /sessions/switch", {"organizationId": NORTHWIND}),
    step("b", "POST /sessions/switch", {"organizationId": NORTHWIND}, "bn=token"),
    step("n", "GET /me", headers=bearer("bn")),
    step("n", "POST /contacts", {"name": "Bo's"}, headers=bearer("bn")),
    step("a", f"PATCH {CONTACT}", {"name": "changed"}, contactId="{vc}"),
    step("a", f"POST {CONTACT}/restore", contactId="{vt}"),
    step("a", f"PATCH {DEAL}", patch("/title", "changed"), dealId="{vd}"),
    step("a", f"POST {DEAL}/clone", dealId="{vd}"),
    step("a", f"POST {UNDO}", operationId="{vo}"),
    step("a", f"POST {NOTICE}", notificationId="{vn}"),
    step("v", f"POST {NOTICE}", notificationId="{vn}"),
    step("a", f"POST {REDELIVER}", webhookId="{vh}", deliveryId="{vy}"),
    step("a", f"POST {REDELIVER}", webhookId="{ah}", deliveryId="{vy}"),
    step("a", "POST /contacts/batch", batch("update", "{vc}", name="changed")),
    step("a", "POST /contacts/batch", batch("delete", "{vc}")),
    step("a", "POST /imports", {"rows": [{"name": "changed", "email": "i@v.example"}]}),
    step("a", "POST /contacts/merge", {"keepId": "{ac}", "mergeIds": ["{vc2}"]}),
    step("a", "POST /contacts/merge", {"keepId": "{vc}", "mergeIds": ["{ac2}"]}),
    step("a", f"PATCH {DEAL}", patch("/organizationId", NORTHWIND), dealId="{ad}"),
    step("v", "GET /deals"),
    step("a", f"PATCH {USER}", {"roleId": 1}, userId=str(NILS)),
    step("a", f"DELETE {USER}", userId=str(NILS)),
]
ENDS = [
    step("a", f"DELETE {COMMENT}", dealId="{vd}", commentId="{vm}"),
    step("a", "POST /deals", {"title": "attacker's last"}, "ad=id"),
    step("a", f"DELETE {COMMENT}", dealId="{ad}", commentId="{vm}"),
    step("a", f"DELETE {CONTACT}", contactId="{vc}"),
    step("a", f"DELETE {DEAL}", dealId="{vd}"),
    step("a", f"DELETE {HOOK}", webhookId="{vh}"),
    step("v", "POST /invitations", {"email": "z@z.example", "roleId": 1}, "vj=id"),
    step("a", f"DELETE {INVITATION}", invitationId="{vj}"),
    step("a", "POST /invitations/accept", {"code": "{code}", "roleId": 3}),
    step("m", "POST /invitations/accept", {"code": "{code}"}),
    step("a", "POST /api-keys", {"name": "lost"}, "lk=secret kk=id"),
    step("v", f"DELETE {KEY}", keyId="{kk}"),
    step("a", f"DELETE {KEY}", keyId="{kk}"),
    step("n", "GET /contacts", headers=bearer("lk")),
    step("a", f"DELETE {USER}", userId=str(BO)),
    step("b", "GET /contacts"),
    step("n", "GET /me", headers=bearer("bn")),
    entry("sofi", "other=token"),
    step("n", "DELETE /sessions/current", headers=bearer("other")),
    step("n", "GET /me", headers=bearer("other")),
    step("l", "GET /me"),
]
DEALS = [*BEFORE, *READS, *ROLES, *WRITES, *ENDS]
HOME = {"v": NORTHWIND, "w": NORTHWIND, "a": SOUTHBAY, "m": SOUTHBAY, "l": SOUTHBAY}
# Where the attacker's own words come back.
ECHOES = {"GET /search"}
# What is answered with 200 for somebody else's ids too: without effect, or with the caller's alone.
HARMLESS = {"POST /contacts/batch", "POST /contacts/merge", "GET /contacts", "GET /audit-log"}
