"""Resources that are only kept: listed, read, created, replaced, merged and deleted, all alike."""

from __future__ import annotations

from tests.targets.heldout_depot_core import (
    CHECKS,
    Call,
    created,
    kind,
    op,
    paged,
    parameter,
    shown,
    unchanged,
)
from tests.targets.heldout_depot_schemas import Row, fields
from tests.targets.heldout_depot_target import ALDER, BIRCH


def kept(call: Call, table: str, said: Row, row: Row | None) -> Row:
    return CHECKS[table](call, said, row) if table in CHECKS else said


def lists(table: str, need: str = "CLERK", asks: str = "", lax: str = "", **flaws: str) -> None:
    """Serve the list: `flaws` are of the rows, of the count, and of those that are sorted."""

    @op(f"GET /{table}", need, lax=lax, gives=f"Page/{table}", asks=asks)
    def list_(call: Call) -> Row:
        seen = [flaws.get("rows", "")]
        if call.asked("sort"):
            seen.append(flaws.get("sort", ""))
        wanted = {word.partition(":")[0] for word in asks.split()} & call.request.args.keys()
        having = {name: call.asked(name) for name in wanted}
        rows = [
            row
            for row in call.visible(table, *seen)
            if all(str(row[name]) == of for name, of in having.items())
        ]
        counted = call.visible(table, flaws.get("total", ""))
        return paged(
            call, table, rows, None if having or len(counted) == len(rows) else len(counted)
        )


def reads(table: str, need: str = "CLERK", flaw: str = "") -> None:
    @op(f"GET /{table}/{{{parameter(table)}}}", need, gives=f"{kind(table)}Dto")
    def get(call: Call) -> Row:
        row = call.own(table, flaw)
        call.headers["ETag"] = f'"{row["version"]}"'
        return shown(call, table, row)


def makes(table: str, need: str = "MANAGER", *, empty: bool = False, company: str = "") -> None:
    """Serve making one: with the new one in the answer, or only its place in a header."""
    takes = f"Create{kind(table)}Request"
    gives = "" if empty else f"{kind(table)}Dto"

    @op(f"POST /{table}", need, takes=takes, gives=gives, status=201)
    def create(call: Call) -> Row | None:
        blank = {each.name: None for each in fields(takes)}
        said = blank | kept(call, table, call.take(), None)
        if company:
            said |= call.bound("companyId", company, ALDER, BIRCH)
        row = call.add(table, **said)
        call.log("CREATED", table, row)
        created(call, table, row)
        return None if empty else shown(call, table, row)


def replaces(
    table: str, need: str = "MANAGER", flaw: str = "", *, first: str = "", lax: str = ""
) -> None:
    """Serve PUT: what is not said is empty afterwards."""
    takes = f"Create{kind(table)}Request"

    path, gives = f"/{table}/{{{parameter(table)}}}", f"{kind(table)}Dto"

    @op(f"PUT {path}", need, lax=lax, takes=takes, gives=gives)
    def replace(call: Call) -> Row:
        if call.flawed(first):
            unchanged(call, call.at.tables[table].get(call.key(table)))
        row = call.own(table, flaw)
        unchanged(call, row)
        blank = {each.name: None for each in fields(takes)}
        row.update(blank | kept(call, table, call.take(), row), version=row["version"] + 1)
        return shown(call, table, row)


def merges(table: str, need: str = "MANAGER", flaw: str = "", lax: str = "") -> None:
    """Serve PATCH: what is not said stays."""
    takes = f"Update{kind(table)}Request"

    path, gives = f"/{table}/{{{parameter(table)}}}", f"{kind(table)}Dto"

    @op(f"PATCH {path}", need, lax=lax, takes=takes, gives=gives)
    def update(call: Call) -> Row:
        row = call.own(table, flaw)
        unchanged(call, row)
        row.update(kept(call, table, call.take(), row), version=row["version"] + 1)
        return shown(call, table, row)


def deletes(table: str, need: str = "MANAGER", flaw: str = "") -> None:
    @op(f"DELETE /{table}/{{{parameter(table)}}}", need, status=204)
    def delete(call: Call) -> None:
        row = call.own(table, flaw)
        del call.at.tables[table][str(row["id"])]
        call.log("DELETED", table, row)
