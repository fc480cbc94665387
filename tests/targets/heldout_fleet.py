"""Devices of many accounts: what they measure, rules and alerts, dashboards behind links.

A user may work for several accounts and says by a header for which one a call is. Devices and sites
are named in the query, commands by the device's id and a number.
"""

from __future__ import annotations

import secrets
from typing import Any

from tests.targets import heldout_fleet_people
from tests.targets.heldout_fleet_core import Call, Fleet, FleetError, Row, each_shown, route, shown
from tests.targets.heldout_fleet_devices import device, latest

PARTS = (heldout_fleet_people,)
__all__ = ["Fleet"]


def rule(call: Call, row: Row) -> Row:
    people = [shown(call.fleet.users[user], "user email") for user in row["notify"]]
    return {"rule_id": row["id"]} | shown(row, "name uid metric above") | {"notify": people}


@route("GET /v1/rules")
def list_rules(call: Call) -> Any:
    return [rule(call, row) for row in call.rows("rules")]


@route("POST /v1/rules", "operator")
def create_rule(call: Call) -> Row:
    """Tell colleagues when a device measures too much."""
    said = call.text("name", "metric", needed="name metric")
    row = call.own("devices", call.body.get("uid"), "rule-device")
    above = call.body.get("above", 0)
    if not isinstance(above, int | float) or isinstance(above, bool):
        raise FleetError(400, "above is a number")
    told = call.strings("notify") if "notify" in call.body else []
    for user in told:
        known = (call.account, user) in call.fleet.members
        if not known and not (call.flawed("rule-notify") and user in call.fleet.users):
            raise FleetError(422, "only members can be told")
    made = call.add("rules", **said, uid=row["id"], above=above, notify=told)
    call.status = 201
    watched = {"name": row["name"], "last_value": latest(call, row["id"], said["metric"])}
    return rule(call, made) | {"device": watched}


@route("DELETE /v1/rules/{rule_id}", "operator")
def delete_rule(call: Call) -> Row:
    row = call.own("rules", call.path["rule_id"], "rule-delete")
    del call.fleet.tables["rules"][row["id"]]
    return {"rule_id": row["id"], "deleted": True}


ALERT = "id rule_id uid value acked"


@route("GET /v1/alerts")
def list_alerts(call: Call) -> Any:
    if "since" not in call.query:
        return each_shown(call.rows("alerts"), ALERT)
    since = call.number("since")
    rows = call.fleet.rows("alerts") if call.flawed("alerts-since") else call.rows("alerts")
    return each_shown([row for row in rows if row["id"] > since], ALERT)


@route("POST /v1/alerts/ack", "operator")
def ack_alerts(call: Call) -> Row:
    ids = call.body.get("ids")
    if not isinstance(ids, list):
        raise FleetError(400, "ids is a list")
    acked: list[Any] = []
    ignored: list[Any] = []
    for key in ids:
        row = call.fleet.tables["alerts"].get(key) if isinstance(key, int) else None
        if row is None or (row["account"] != call.account and not call.flawed("ack-any")):
            ignored.append(key)
            continue
        row["acked"] = True
        acked.append(key)
    return {"acked": acked, "ignored": ignored}


def widgets(call: Call) -> list[Row]:
    said = call.body.get("widgets", [])
    if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
        raise FleetError(400, "widgets is a list of objects")
    for each in said:
        call.own("devices", each.get("uid"), "widget-device")
    return [{"uid": each["uid"], "metric": str(each.get("metric", ""))} for each in said]


def board(call: Call, row: Row) -> Row:
    """A dashboard as it looks now; devices that have gone elsewhere show nothing."""
    found = []
    for each in row["widgets"]:
        of = call.fleet.tables["devices"].get(each["uid"])
        here = of and (of["account"] == row["account"] or call.flawed("widget-device"))
        value = latest(call, each["uid"], each["metric"]) if here else None
        found.append(each | {"name": of["name"] if of and here else None, "value": value})
    return {"dashboard_id": row["id"], "title": row["title"], "widgets": found}


@route("POST /v1/dashboards", "operator")
def create_board(call: Call) -> Row:
    row = call.add("boards", **call.text("title", needed="title"), widgets=widgets(call))
    call.status = 201
    return board(call, row)


@route("GET /v1/dashboards")
def list_boards(call: Call) -> Any:
    return [{"dashboard_id": row["id"], "title": row["title"]} for row in call.rows("boards")]


@route("GET /v1/dashboards/{dashboard_id}")
def read_board(call: Call) -> Row:
    key = call.path["dashboard_id"]
    known = call.fleet.tables["boards"].get(key)
    if known and known["account"] != call.account and call.flawed("board-exists"):
        raise FleetError(403, "this is somebody else's dashboard")
    return board(call, call.own("boards", key, "board-read"))


@route("POST /v1/dashboards/{dashboard_id}/share", "operator")
def share_board(call: Call) -> Row:
    row = call.own("boards", call.path["dashboard_id"], "share-any")
    token = secrets.token_urlsafe(15)
    call.fleet.shares[token] = row["id"]
    call.status = 201
    return {"share_token": token, "url": f"/v1/shared/{token}"}


@route("DELETE /v1/dashboards/{dashboard_id}/share", "operator")
def unshare_board(call: Call) -> Row:
    """All links to it end."""
    row = call.own("boards", call.path["dashboard_id"])
    if not call.flawed("share-undead"):
        left = {token: of for token, of in call.fleet.shares.items() if of != row["id"]}
        call.fleet.shares = left
    return {"dashboard_id": row["id"], "shared": False}


@route("GET /v1/shared/{share_token}", "nobody")
def read_shared(call: Call) -> Row:
    key = call.fleet.shares.get(call.path["share_token"])
    if key is None:
        raise FleetError(404, "no such link")
    return board(call, call.fleet.tables["boards"][key])


@route("POST /v1/exports", "operator")
def create_export(call: Call) -> Row:
    """What some devices have measured last, made in the background."""
    uids, skipped, rows = call.strings("uids"), [], []
    for uid in uids:
        row = call.fleet.tables["devices"].get(uid)
        if row is None or (row["account"] != call.account and not call.flawed("export-any")):
            skipped.append(uid)
            continue
        rows.append(device(row) | {"last_value": latest(call, uid)})
    made = call.add("exports", status="done", rows=rows, looks=0)
    call.status = 202
    said = {"export_id": made["id"], "status": "pending"}
    return said | {"devices": len(rows), "skipped": skipped}


@route("GET /v1/exports/{export_id}", "operator")
def read_export(call: Call) -> Row:
    said = call.path["export_id"]
    row = call.own("exports", int(said) if said.isdecimal() else None, "export-read")
    row["looks"] += 1
    return {"export_id": row["id"]} | shown(row, "status rows looks")


@route("GET /v1/activity")
def list_activity(call: Call) -> Any:
    everywhere = call.flawed("activity-all")
    rows = call.fleet.rows("activity") if everywhere else call.rows("activity")
    return each_shown(rows[-50:], "id what user")


@route("GET /v1/lookup")
def lookup(call: Call) -> Row:
    """Devices by a part of their name, or by their serial."""
    asked = str(call.query.get("q", ""))
    rows = [row for row in call.rows("devices") if asked and asked.lower() in row["name"].lower()]
    everywhere = call.flawed("lookup-serial")
    exact = call.fleet.rows("devices") if everywhere else call.rows("devices")
    rows += [row for row in exact if row["serial"] == asked and row not in rows]
    return {"q": asked, "devices": [device(row) for row in rows]}


@route("GET /v1/usage")
def read_usage(call: Call) -> Row:
    everywhere = call.flawed("usage-all")
    counts = {
        table: len(call.fleet.rows(table) if everywhere else call.rows(table))
        for table in ("devices", "commands", "readings", "alerts")
    }
    return counts | {"requests": call.fleet.requests[call.account]}
