"""What can an attacker with a pencil do to the fleet, step by step?

`v` is the manager of Alpha Power. At Bravo Water `a` is the manager, `m` the operator and `l` the
observer; `k` is Kit, an operator there and an observer at Alpha; `u` is Uma, who is at neither.
`d` is nobody or a device, with what its headers say. Values that are not in a path are its query.
"""

from __future__ import annotations

from typing import Any

from tests.targets.heldout_attacks import Step, step
from tests.targets.heldout_fleet_target import (
    ALPHA,
    BOARD,
    BRAVO,
    COMMAND,
    EXPORT,
    KEY,
    PEOPLE,
    RULE,
    SHARED,
)

TOKENS = {user[2:]: token for user, token, _ in PEOPLE}
WHO = {
    "v": ("anne", ALPHA),
    "a": ("bill", BRAVO),
    "m": ("bess", BRAVO),
    "l": ("burt", BRAVO),
    "k": ("kit", BRAVO),
    "u": ("uma", ""),
}


def call(who: str, operation: str, body: Any = None, keep: str = "", **values: str) -> Step:
    """A step with the headers of who makes it."""
    user, account = WHO[who]
    headers = {"Authorization": f"Token {TOKENS[user]}", "X-Account": account}
    return step(who, operation, body, keep, headers, **values)


def uid(who: str, operation: str, key: str, body: Any = None) -> Step:
    """A step that names a device, or what else is named so, in its query."""
    name = {"/v1/site": "id", "/v1/members": "user"}.get(operation.partition(" ")[2], "uid")
    return call(who, operation, body, **{name: key})


def key(token: str, operation: str, body: Any = None, account: str = BRAVO) -> Step:
    headers = {"Authorization": f"Token {{{token}}}", "X-Account": account}
    return step("d", operation, body, "", headers)


def measured(token: str, value: int) -> Step:
    said = {"metric": "heat", "value": value}
    return step("d", "POST /v1/telemetry", said, "", {"X-Device-Token": f"{{{token}}}"})


NEW = {"name": "victim's", "serial": "victim-1"}
WATCH = {"name": "victim's", "metric": "heat", "above": 50}
BEFORE = [
    call("v", "POST /v1/sites", {"name": "victim's"}, "vs=id"),
    call("v", "POST /v1/devices", NEW | {"site_id": "{vs}"}, "vd=uid vt=token"),
    call("v", "POST /v1/devices", {"name": "victim's second", "serial": "victim-2"}, "vd2=uid"),
    call("v", "POST /v1/rules", WATCH | {"uid": "{vd}", "notify": ["u-alec"]}, "vr=rule_id"),
    measured("vt", 77),
    call("v", "GET /v1/alerts", None, "va=id"),
    call("v", "POST /v1/commands", {"uids": ["{vd}"], "action": "identify"}, "vc=command_id"),
    call(
        *("v", "POST /v1/dashboards"),
        {"title": "victim's", "widgets": [{"uid": "{vd}", "metric": "heat"}]},
        "vb=dashboard_id",
    ),
    call("v", "POST /v1/exports", {"uids": ["{vd}"]}, "vx=export_id"),
    call("v", "POST /v1/keys", {"name": "victim's"}, "vk=id"),
    call("v", "GET /v1/devices", {"limit": "1"}, "cursor=next_cursor"),
    call("a", "POST /v1/sites", {"name": "attacker's"}, "as=id"),
    call("a", "POST /v1/devices", {"name": "mine", "serial": "mine-1"}, "ad=uid at=token"),
    call("a", "POST /v1/dashboards", {"title": "mine"}, "ab=dashboard_id"),
]
READS = [
    uid("a", "GET /v1/device", "{vd}"),
    uid("a", "GET /v1/site", "{vs}"),
    uid("a", "GET /v1/telemetry", "{vd}"),
    call("a", f"GET {COMMAND}", command_id="{vc}"),
    call("a", f"GET {BOARD}", dashboard_id="{vb}"),
    call("a", f"GET {EXPORT}", export_id="{vx}"),
    call("a", "GET /v1/devices"),
    call("a", "GET /v1/devices", {"site": "{vs}"}),
    call("a", "GET /v1/devices", {"cursor": "{cursor}"}),
    call("a", "GET /v1/devices", {"sort": "site.name", "include": "site"}),
    call("a", "GET /v1/sites"),
    call("a", "GET /v1/members", {"account": ALPHA}),
    call("a", "GET /v1/alerts"),
    call("a", "GET /v1/alerts", {"since": "0"}),
    call("a", "GET /v1/rules"),
    call("a", "GET /v1/dashboards"),
    call("a", "GET /v1/keys"),
    call("a", "GET /v1/activity"),
    call("a", "GET /v1/lookup", {"q": "victim-1"}),
    call("a", "GET /v1/usage"),
    step(
        *("a", "GET /v1/devices", None, ""),
        {"Authorization": f"Token {TOKENS['bill']}", "X-Account": ALPHA},
    ),
]
ROLES = [
    uid("l", "GET /v1/device", "{ad}"),
    call("l", "GET /v1/device", {"include": "token"}, uid="{ad}"),
    call("l", "POST /v1/commands", {"uids": ["{ad}"], "action": "reboot"}),
    call("l", "POST /v1/sites", {"name": "observer's"}),
    call("l", "POST /v1/exports", {"uids": ["{ad}"]}),
    call("m", "POST /v1/invites", {"email": "m@m.example", "role": "manager"}),
    call("m", "POST /v1/device/release", {"uid": "{ad}"}),
    uid("m", "DELETE /v1/members", "u-burt"),
    call("a", "PATCH /v1/account", {"name": "Bravo Water", "device_limit": 9000}),
    call("m", "PATCH /v1/account", {"name": "Bess Water"}),
]
WRITES = [
    call("a", "POST /v1/sites", {"name": "planted", "account": ALPHA}),
    call("v", "GET /v1/sites"),
    call("a", "POST /v1/devices", {"name": "mine too", "serial": "mine-2", "site_id": "{vs}"}),
    call("a", "POST /v1/devices", {"name": "mine too", "serial": "victim-1"}, "ad2=uid"),
    uid("a", "DELETE /v1/device", "{ad2}"),
    call("a", "POST /v1/device/move", {"uid": "{ad}", "site_id": "{vs}"}),
    call("a", "POST /v1/device/move", {"uid": "{vd}", "site_id": "{as}"}),
    call("a", "POST /v1/rules", {"name": "mine", "uid": "{vd}", "metric": "heat"}),
    call(
        *("a", "POST /v1/rules"),
        {"name": "mine", "uid": "{ad}", "metric": "heat", "notify": ["u-anne"]},
    ),
    call("a", "POST /v1/dashboards", {"title": "mine", "widgets": [{"uid": "{vd}"}]}),
    call("a", "POST /v1/commands", {"uids": ["{ad}", "{vd}"], "action": "reboot"}),
    call("a", "POST /v1/alerts/ack", {"ids": ["{va}"]}),
    call("a", "POST /v1/exports", {"uids": ["{vd}"]}),
    call("a", "POST /v1/device/claim", {"serial": "victim-2", "claim_code": "guessed"}),
    uid("a", "PATCH /v1/device", "{vd}", {"name": "changed"}),
    uid("a", "PATCH /v1/site", "{vs}", {"name": "changed"}),
    call("a", f"POST {COMMAND}/cancel", command_id="{vc}"),
    call("a", f"POST {BOARD}/share", dashboard_id="{vb}"),
    call("a", f"DELETE {BOARD}/share", dashboard_id="{vb}"),
    call("a", "POST /v1/device/release", {"uid": "{vd}"}),
    call("a", "POST /v1/device/token", {"uid": "{vd}"}),
    uid("a", "PUT /v1/members", "u-alec", {"role": "observer"}),
    uid("a", "DELETE /v1/members", "u-alec"),
    uid("a", "PATCH /v1/device", "{ad}", {"name": "mine", "account": ALPHA}),
    call("v", "GET /v1/devices"),
    call("a", f"DELETE {RULE}", rule_id="{vr}"),
    call("a", f"DELETE {KEY}", key_id="{vk}"),
]
ENDS = [
    call("a", "POST /v1/devices", {"name": "mine", "serial": "mine-3"}, "an=uid at=token"),
    measured("at", 1),
    call("a", "POST /v1/device/token", {"uid": "{an}"}, "an2=token"),
    measured("at", 2),
    measured("an2", 3),
    call("a", f"POST {BOARD}/share", None, "ash=share_token", dashboard_id="{ab}"),
    step("d", f"GET {SHARED}", share_token="{ash}"),
    call("a", f"DELETE {BOARD}/share", dashboard_id="{ab}"),
    step("d", f"GET {SHARED}", share_token="{ash}"),
    call("k", "POST /v1/keys", {"name": "Kit's", "scope": "read"}, "kk=secret ki=id"),
    key("kk", "POST /v1/sites", {"name": "by a reader"}),
    call("k", "POST /v1/keys", {"name": "Kit's other"}, "kk2=secret"),
    key("kk2", "GET /v1/devices", None, ALPHA),
    key("kk", "GET /v1/devices"),
    call("k", f"DELETE {KEY}", key_id="{ki}"),
    key("kk", "GET /v1/devices"),
    call("a", "POST /v1/invites", {"email": "u@u.example", "role": "observer"}, "iv=invite_token"),
    call("u", "POST /v1/invites/redeem", {"invite_token": "{iv}", "role": "manager"}),
    uid("a", "DELETE /v1/members", "u-uma"),
    call("u", "POST /v1/invites/redeem", {"invite_token": "{iv}"}),
    uid("a", "DELETE /v1/members", "u-burt"),
    call("l", "GET /v1/devices"),
    call("v", "POST /v1/device/release", {"uid": "{vd2}"}, "code=claim_code"),
    uid("a", "DELETE /v1/device", "{vd}"),
    call("a", "POST /v1/device/claim", {"serial": "victim-2", "claim_code": "{code}"}),
]
FLEET = [*BEFORE, *READS, *ROLES, *WRITES, *ENDS]
# Where the attacker's own words come back, or what was given away by the victim.
ECHOES = {"GET /v1/lookup", "POST /v1/device/claim", "POST /v1/devices"}
# What is answered with success for somebody else's ids too: without effect.
HARMLESS = {
    "GET /v1/devices",
    "POST /v1/commands",
    "POST /v1/alerts/ack",
    "POST /v1/exports",
    "POST /v1/device/claim",
}
