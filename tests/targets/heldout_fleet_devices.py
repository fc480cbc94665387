"""Sites and devices of the fleet: what they measure, what they are told, whose they become."""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

from tests.targets.heldout_fleet_core import Call, FleetError, Row, each_shown, route, shown

DEVICE = "name serial status site_id"
MOST = 50
ACTIONS = ("reboot", "update", "identify")


def device(row: Row) -> Row:
    return {"uid": row["id"]} | shown(row, DEVICE)


def latest(call: Call, uid: str, metric: str = "") -> Any:
    """The newest value that a device has measured."""
    rows = [row for row in call.fleet.rows("readings", uid=uid) if metric in ("", row["metric"])]
    return rows[-1]["value"] if rows else None


@route("GET /v1/sites")
def list_sites(call: Call) -> Any:
    return each_shown(call.rows("sites"), "id name region")


@route("POST /v1/sites", "operator")
def create_site(call: Call) -> Row:
    made = {"region": ""} | call.text("name", "region", needed="name")
    row = call.add("sites", **made)
    if call.flawed("site-account") and call.body.get("account") in list(call.fleet.accounts):
        row["account"] = call.body["account"]
    call.status = 201
    return shown(row, "id name region")


@route("GET /v1/site")
def read_site(call: Call) -> Row:
    row = call.own("sites", call.number("id"), "site-read")
    devices = len(call.fleet.rows("devices", site_id=row["id"]))
    return shown(row, "id name region") | {"devices": devices}


@route("PATCH /v1/site", "operator")
def patch_site(call: Call) -> Row:
    row = call.own("sites", call.number("id"), "site-patch")
    row.update(call.text("name", "region"))
    return shown(row, "id name region")


def position(call: Call) -> tuple[str, int]:
    said = call.query.get("cursor")
    if not said:
        return call.account, 0
    try:
        found = json.loads(base64.urlsafe_b64decode(str(said)))
        account, after = str(found["a"]), int(found["n"])
    except (ValueError, KeyError, TypeError):
        raise FleetError(400, "not one of our cursors") from None
    if account != call.account and not call.flawed("cursor-account"):
        raise FleetError(400, "not one of your cursors")
    return account, max(after, 0)


@route("GET /v1/devices")
def list_devices(call: Call) -> Any:
    account, after = position(call)
    limit = call.number("limit") if "limit" in call.query else MOST
    rows = call.fleet.rows("devices", account=account)
    if "site" in call.query:
        site = call.number("site")
        everything = call.fleet.rows("devices") if call.flawed("devices-site") else rows
        rows = [row for row in everything if row["site_id"] == site]
    if "status" in call.query:
        rows = [row for row in rows if row["status"] == call.query["status"]]
    sites = call.fleet.tables["sites"]
    sort = call.query.get("sort", "")
    if sort == "site.name":
        rows.sort(key=lambda row: sites[row["site_id"]]["name"] if row["site_id"] else "")
    elif sort in ("name", "serial"):
        rows.sort(key=lambda row: str(row[sort]))
    elif sort:
        raise FleetError(400, "sort is name, serial or site.name")
    some = rows[after : after + min(limit, MOST)]
    end = after + len(some)
    more = json.dumps({"a": account, "n": end}).encode()
    cursor = base64.urlsafe_b64encode(more).decode() if some and end < len(rows) else None
    total = len(call.fleet.tables["devices"]) if call.flawed("devices-total") else len(rows)
    call.meta = {"meta": {"total": total, "next_cursor": cursor}}
    found = [device(row) for row in some]
    if call.query.get("include") == "site":
        for one in found:
            site = sites.get(one["site_id"])
            one["site"] = shown(site, "id name region") if site else None
    return found


def site_of(call: Call, *flaws: str) -> Row | None:
    said = call.body.get("site_id")
    return None if said is None else call.own("sites", said, *flaws)


@route("POST /v1/devices", "operator")
def create_device(call: Call) -> Row:
    said = call.text("name", "serial", needed="name serial")
    known = call.fleet.rows("devices", serial=said["serial"])
    if any(row["account"] == call.account or call.flawed("serial-taken") for row in known):
        raise FleetError(409, "there is a device with this serial")
    if len(call.rows("devices")) >= call.fleet.accounts[call.account]["device_limit"]:
        raise FleetError(402, "your account has all the devices it may have")
    site = site_of(call, "device-site")
    made = {"status": "new", "site_id": site and site["id"], "code": "", "former": []}
    row = call.add("devices", **said, **made, token=f"dt_{secrets.token_hex(12)}")
    call.log(f"{row['name']} was added")
    call.status = 201
    return device(row) | {"token": row["token"], "site": site and shown(site, "id name region")}


@route("GET /v1/device")
def read_device(call: Call) -> Row:
    row = call.own("devices", call.query.get("uid"), "device-read")
    wanted = str(call.query.get("include", "")).split(",")
    if "token" in wanted:
        call.demand("operator", "token-to-observer")
    call.log(f"{row['name']} was looked at")
    return device(row) | ({"token": row["token"]} if "token" in wanted else {})


@route("PATCH /v1/device", "operator")
def patch_device(call: Call) -> Row:
    row = call.own("devices", call.query.get("uid"), "device-patch")
    row.update(call.text("name", "status"))
    if call.flawed("device-account") and call.body.get("account") in list(call.fleet.accounts):
        row["account"] = call.body["account"]
    return device(row)


@route("DELETE /v1/device", "operator")
def delete_device(call: Call) -> Row:
    row = call.own("devices", call.query.get("uid"), "device-delete")
    forget(call, row["id"])
    del call.fleet.tables["devices"][row["id"]]
    return {"uid": row["id"], "deleted": True}


def forget(call: Call, uid: str) -> None:
    """What a device has measured and was told, and who watches it."""
    for table in ("readings", "commands", "rules"):
        for row in call.fleet.rows(table, uid=uid):
            del call.fleet.tables[table][row["id"]]


@route("POST /v1/device/move", "operator")
def move_device(call: Call) -> Row:
    row = call.own("devices", call.body.get("uid"))
    site = site_of(call, "move-site")
    row["site_id"] = site and site["id"]
    return device(row) | {"site": site and shown(site, "id name region")}


@route("POST /v1/device/release", "any")
def release_device(call: Call) -> Row:
    """Let another account claim it, by a code."""
    call.demand("manager", "release-by-operator" if call.role == "operator" else "")
    row = call.own("devices", call.body.get("uid"))
    row["code"] = secrets.token_urlsafe(9)
    return {"serial": row["serial"], "claim_code": row["code"]}


@route("POST /v1/device/claim", "manager")
def claim_device(call: Call) -> Any:
    said = call.text("serial", "claim_code", needed="serial claim_code")
    site = site_of(call)
    rows = call.fleet.rows("devices", serial=said["serial"])
    others = [row for row in rows if row["account"] != call.account]
    right = [row for row in others if row["code"] and row["code"] == said["claim_code"]]
    found = right or (others if call.flawed("claim-serial") else [])
    if not found:
        call.meta = {"ok": False, "error": {"code": "claim_failed", "message": "nothing to claim"}}
        return None
    if len(rows) > len(others):
        raise FleetError(409, "there is a device with this serial")
    row = found[0]
    forget(call, row["id"])
    row |= {"account": call.account, "site_id": site and site["id"], "code": "", "former": []}
    row["token"] = f"dt_{secrets.token_hex(12)}"
    return device(row)


@route("POST /v1/device/token", "operator")
def rotate_token(call: Call) -> Row:
    """A new token; the one before ends."""
    row = call.own("devices", call.body.get("uid"), "token-rotate")
    row["former"].append(row["token"])
    row["token"] = f"dt_{secrets.token_hex(12)}"
    return {"uid": row["id"], "token": row["token"]}


@route("POST /v1/telemetry", "nobody")
def send_telemetry(call: Call) -> Row:
    """What a device has measured, which may be an alert."""
    token = call.headers.get("X-Device-Token", "")
    known = [row for row in call.fleet.rows("devices") if row["token"] == token]
    if call.flawed("token-undead"):
        known += [row for row in call.fleet.rows("devices") if token in row["former"]]
    if not known:
        raise FleetError(401, "not a device's token")
    metric = call.text("metric", needed="metric")["metric"]
    value = call.body.get("value")
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise FleetError(400, "value is a number")
    row = known[0]
    row["status"] = "online"
    call.fleet.add("readings", row["account"], uid=row["id"], metric=metric, value=value)
    for rule in call.fleet.rows("rules", uid=row["id"], metric=metric):
        if value > rule["above"] and rule["account"] == row["account"]:
            made = {"rule_id": rule["id"], "uid": row["id"], "value": value, "acked": False}
            call.fleet.add("alerts", row["account"], **made)
    call.status = 202
    return {"stored": 1}


@route("GET /v1/telemetry")
def read_telemetry(call: Call) -> Any:
    row = call.own("devices", call.query.get("uid"), "telemetry-read")
    metric = call.query.get("metric")
    rows = call.fleet.rows("readings", uid=row["id"])
    return each_shown([one for one in rows if metric in (None, one["metric"])], "metric value")


def command(row: Row) -> Row:
    return {"command_id": row["id"]} | shown(row, "uid action status")


@route("POST /v1/commands", "any")
def create_commands(call: Call) -> Any:
    """One command to many devices, each with its own result."""
    call.demand("operator", "command-by-observer")
    action, results = call.body.get("action"), []
    if action not in ACTIONS:
        raise FleetError(400, f"an action is one of {', '.join(ACTIONS)}")
    for uid in call.strings("uids"):
        row = call.fleet.tables["devices"].get(uid)
        if row is None or (row["account"] != call.account and not call.flawed("commands-any")):
            results.append({"uid": uid, "code": 404})
            continue
        serial = len(call.fleet.rows("commands", uid=uid)) + 1
        made = {"uid": uid, "action": action, "status": "queued"}
        new = call.fleet.add("commands", row["account"], key=f"{uid}.{serial}", **made)
        results.append({"uid": uid, "code": 201, "command_id": new["id"]})
    call.status = 207
    return results


@route("GET /v1/commands/{command_id}")
def read_command(call: Call) -> Row:
    return command(call.own("commands", call.path["command_id"], "command-read"))


@route("POST /v1/commands/{command_id}/cancel", "operator")
def cancel_command(call: Call) -> Row:
    row = call.own("commands", call.path["command_id"], "command-cancel")
    row["status"] = "cancelled"
    return command(row)
