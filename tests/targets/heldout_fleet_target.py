"""What is wrong with each build of the fleet, what only looks so, and how is it described?

Written before its author had read the engine; committed before the first run.
"""

from __future__ import annotations

from tests.targets.heldout import Planted

COMMAND, RULE = "/v1/commands/{command_id}", "/v1/rules/{rule_id}"
BOARD, KEY = "/v1/dashboards/{dashboard_id}", "/v1/keys/{key_id}"
EXPORT, SHARED = "/v1/exports/{export_id}", "/v1/shared/{share_token}"
FLAWS = {
    "device-read": Planted("read", "GET /v1/device"),
    "site-read": Planted("read", "GET /v1/site"),
    "telemetry-read": Planted("read", "GET /v1/telemetry"),
    "command-read": Planted("read", f"GET {COMMAND}"),
    "board-read": Planted("read", f"GET {BOARD}"),
    "device-patch": Planted("write", "PATCH /v1/device"),
    "site-patch": Planted("write", "PATCH /v1/site"),
    "command-cancel": Planted("write", f"POST {COMMAND}/cancel"),
    "token-rotate": Planted("write", "POST /v1/device/token"),
    "device-delete": Planted("delete", "DELETE /v1/device"),
    "rule-delete": Planted("delete", f"DELETE {RULE}"),
    "key-delete": Planted("delete", f"DELETE {KEY}"),
    "commands-any": Planted("bulk", "POST /v1/commands"),
    "ack-any": Planted("bulk", "POST /v1/alerts/ack"),
    "export-any": Planted("bulk", "POST /v1/exports"),
    "move-site": Planted("reference", "POST /v1/device/move"),
    "device-site": Planted("reference", "POST /v1/devices"),
    "rule-device": Planted("reference", "POST /v1/rules"),
    "rule-notify": Planted("reference", "POST /v1/rules"),
    "widget-device": Planted("reference", "POST /v1/dashboards"),
    "claim-serial": Planted("reference", "POST /v1/device/claim"),
    "devices-site": Planted("list", "GET /v1/devices"),
    "members-account": Planted("list", "GET /v1/members"),
    "alerts-since": Planted("list", "GET /v1/alerts"),
    "activity-all": Planted("list", "GET /v1/activity"),
    "lookup-serial": Planted("search", "GET /v1/lookup"),
    "usage-all": Planted("count", "GET /v1/usage"),
    "devices-total": Planted("count", "GET /v1/devices"),
    "cursor-account": Planted("cursor", "GET /v1/devices"),
    "account-limit": Planted("mass assignment", "PATCH /v1/account"),
    "device-account": Planted("mass assignment", "PATCH /v1/device"),
    "site-account": Planted("mass assignment", "POST /v1/sites"),
    "redeem-role": Planted("mass assignment", "POST /v1/invites/redeem"),
    "command-by-observer": Planted("function", "POST /v1/commands"),
    "invite-by-operator": Planted("function", "POST /v1/invites"),
    "release-by-operator": Planted("function", "POST /v1/device/release"),
    "token-to-observer": Planted("function", "GET /v1/device"),
    "serial-taken": Planted("existence", "POST /v1/devices"),
    "board-exists": Planted("existence", f"GET {BOARD}"),
    "export-read": Planted("job", f"GET {EXPORT}"),
    "share-any": Planted("link", f"POST {BOARD}/share"),
    "share-undead": Planted("revoked", f"DELETE {BOARD}/share"),
    "token-undead": Planted("revoked", "POST /v1/device/token"),
    "member-undead": Planted("revoked", "DELETE /v1/members"),
    "redeem-again": Planted("revoked", "POST /v1/invites/redeem"),
    "key-undead": Planted("revoked", f"DELETE {KEY}"),
    "account-any": Planted("header", "GET /v1/devices"),
    "key-scope": Planted("scope", "POST /v1/keys"),
    "key-account": Planted("scope", "POST /v1/keys"),
}
# What every build does, and is right.
TRAPS = (
    ("GET /v1/firmware", "the same list for all accounts"),
    ("GET /v1/whoami", "all accounts of the user, also the one that the header does not name"),
    ("PATCH /v1/whoami", "role and account in the body are ignored, with 200"),
    ("PATCH /v1/account", "device_limit in the body is ignored, with 200"),
    ("GET /v1/members", "colleagues' addresses are shown to all of an account"),
    ("GET /v1/members", "account in the query is ignored"),
    ("POST /v1/invites/redeem", "whoever has the token becomes a member of a foreign account"),
    ("POST /v1/invites/redeem", "needs no header X-Account"),
    ("GET /v1/devices", "a site of others finds nothing, with 200"),
    ("GET /v1/devices", "sort=site.name is by the names of one's own sites"),
    ("POST /v1/devices", "the same serial may stand in another account as well"),
    ("PATCH /v1/device", "account in the body is ignored, with 200"),
    ("DELETE /v1/device", "200 with ok for one's own, which is then gone from all lists"),
    ("POST /v1/device/claim", "200 with ok false for a wrong code"),
    ("POST /v1/device/claim", "a device that its account released moves to another account"),
    ("POST /v1/device/token", "a new token each time"),
    ("POST /v1/telemetry", "a device says what it measures, by its own token and no user's"),
    ("GET /v1/telemetry", "empty with 200 for a metric that nobody knows"),
    ("POST /v1/commands", "207; foreign uids are repeated with the code 404"),
    ("POST /v1/alerts/ack", "200; ids of others are repeated as ignored"),
    ("POST /v1/exports", "202; foreign uids are repeated as skipped"),
    (f"GET {EXPORT}", "how often it was looked at goes up with every look"),
    (f"GET {SHARED}", "whoever has the link sees the dashboard"),
    ("GET /v1/lookup", "the question is repeated in the answer"),
    ("GET /v1/usage", "requests goes up with every request of the account"),
    ("GET /v1/activity", "shows who has looked, so that it grows by reading"),
    ("POST /v1/support", "202 for any uid, with nothing read or changed"),
    (f"DELETE {BOARD}/share", "200 also where nothing was shared, for one's own"),
)
ALPHA, BRAVO = "alpha-power", "bravo-water"
ACCOUNTS = ((ALPHA, "Alpha Power"), (BRAVO, "Bravo Water"))
RANKS = ("observer", "operator", "manager")
# kit works for both accounts and uma for none; both are in no target file.
PEOPLE = (
    ("u-anne", "fl_anne_71b0c2", {ALPHA: "manager"}),
    ("u-alec", "fl_alec_09de34", {ALPHA: "operator"}),
    ("u-abby", "fl_abby_c5520f", {ALPHA: "observer"}),
    ("u-bill", "fl_bill_38aa91", {BRAVO: "manager"}),
    ("u-bess", "fl_bess_e6f7d3", {BRAVO: "operator"}),
    ("u-burt", "fl_burt_4c1b68", {BRAVO: "observer"}),
    ("u-kit", "fl_kit_aa90e5", {BRAVO: "operator", ALPHA: "observer"}),
    ("u-uma", "fl_uma_15c77d", {}),
)
ACTOR = """
[[actors]]
tenant = "{tenant}"
role = "{role}"
headers = {{ Authorization = "Token ${{{variable}}}", "X-Account" = "{account}" }}
"""
NAMED = [each for each in PEOPLE if len(each[2]) == 1]
ACTORS = "".join(
    ACTOR.format(
        tenant="alpha" if account == ALPHA else "bravo",
        role="owner" if role == "manager" else role,
        account=account,
        variable=f"TOKEN_{user[2:]}",
    )
    for user, _, roles in NAMED
    for account, role in roles.items()
)
ENVIRONMENT = {f"TOKEN_{user[2:]}": token for user, token, _ in NAMED}
HINTS = """
[hints]
roles = ["observer", "operator", "owner"]
public = ["GET /v1/shared/{share_token}"]
shared = ["GET /v1/firmware"]
"""
