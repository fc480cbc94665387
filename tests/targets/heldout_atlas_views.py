"""Lists in pages, and the six usual operations of a model, as DRF's view sets have them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from tests.targets.heldout_atlas_core import DENIED, Call, Does, Problem, op, shown
from tests.targets.heldout_atlas_schemas import Row, fields
from tests.targets.heldout_atlas_target import RANKS

LISTS = ("many", "nest", "ints", "strs", "object")


def log(call: Call, action: str, row: Row, **payload: Any) -> None:
    """What has happened goes into the audit log and to whoever listens."""
    workspace, target = row["workspace"], f"{action.partition('.')[0]} {row['id']}"
    call.at.add("audit", workspace, actor=call.user["id"], action=action, target=target)
    for hook in call.at.rows("webhooks", workspace=workspace, is_active=True):
        if action in hook["events"] or "*" in hook["events"]:
            sent: Row = {"event": action, "payload": {"id": row["id"]} | payload}
            call.at.add("deliveries", workspace, hook=hook["id"], **sent, status_code=200)


def tell(call: Call, user: int | None, issue: Row, text: str) -> None:
    """Leave a notification for a member of the issue's workspace."""
    if user in call.members(issue["workspace"]) and user != call.user["id"]:
        said: Row = {"user": user, "issue": issue["id"], "actor": call.user["id"], "text": text}
        call.at.add("notifications", issue["workspace"], **said, is_read=False)


def number(call: Call, name: str, usual: int, most: int) -> int:
    said = call.asked(name)
    return min(int(said), most) if re.fullmatch("[1-9][0-9]{0,8}", said) else usual


def ordered(call: Call, rows: list[Row], serializer: str) -> list[Row]:
    """By the field that is asked for; the newest first when there is none such."""
    asked = call.asked("ordering")
    known = {each.name for each in fields(serializer) if each.kind not in LISTS}
    name = asked.lstrip("-")
    if name not in known or not all(name in row for row in rows):
        return sorted(rows, key=lambda row: row["created_at"], reverse=True)
    return sorted(rows, key=lambda row: (row[name] is None, row[name]), reverse=asked[0] == "-")


def page(call: Call, rows: list[Row], serializer: str, total: int | None = None) -> Row:
    """A page of the rows by number, or by limit and offset where the list is made so."""
    rows = ordered(call, rows, serializer)
    link, kept = call.request.base_url, call.request.args.to_dict()
    count = len(rows) if total is None else total

    def url(**at: int) -> str:
        return f"{link}?{urlencode(kept | {name: str(value) for name, value in at.items()})}"

    if call.operation.many == "offset":
        limit, start = number(call, "limit", 20, 100), number(call, "offset", 0, 10**6)
        following = url(limit=limit, offset=start + limit) if start + limit < len(rows) else None
        before = url(limit=limit, offset=max(0, start - limit)) if start else None
    else:
        limit, at = number(call, "page_size", 20, 100), number(call, "page", 1, 10**6)
        start, asked = (at - 1) * limit, call.asked("page")
        if (start and start >= len(rows)) or asked not in ("", str(at)):
            raise Problem(404, "Invalid page.")
        following = url(page=at + 1) if start + limit < len(rows) else None
        before = url(page=at - 1) if at > 1 else None
    results = [shown(call, serializer, row) for row in rows[start : start + limit]]
    return {"count": count, "next": following, "previous": before, "results": results}


class ViewSet:
    """What a model's operations have in common; each model says what is different."""

    table = ""
    serializer = ""
    stem = ""  # how this model's flaws begin
    write = "member"
    erase = "member"
    many = "page"
    params = ""
    uuid = False

    def enter(self, call: Call) -> None:
        """Forbid the whole view."""

    def rows(self, call: Call) -> list[Row]:
        return call.rows(self.table)

    def make(self, call: Call, said: Row) -> Row:
        return call.at.add(self.table, said["workspace"], **said)

    def home(self, call: Call, said: Row) -> str:
        """Which workspace a new one will be in."""
        return str(said.get("workspace") or next(iter(call.homes)))

    def allow(self, call: Call, row: Row, need: str) -> None:
        call.demand(row["workspace"], need)

    def check(self, call: Call, row: Row | None, said: Row) -> None:
        """Refuse what the fields alone do not show to be wrong."""

    def remove(self, call: Call, row: Row) -> None:
        del call.at.tables[self.table][row["id"]]

    def list(self, call: Call) -> Row:
        self.enter(call)
        return page(call, self.rows(call), self.serializer)

    def create(self, call: Call) -> Row:
        self.enter(call)
        if all(RANKS.index(role) < RANKS.index(self.write) for role in call.homes.values()):
            raise Problem(403, DENIED)
        said = call.valid()
        call.demand(self.home(call, said), self.write)
        self.check(call, None, said)
        row = self.make(call, said)
        log(call, f"{self.stem}.created", row)
        return shown(call, call.operation.gives, row)

    def retrieve(self, call: Call) -> Row:
        self.enter(call)
        return shown(call, self.serializer, call.own(self.table, f"{self.stem}-read"))

    def update(self, call: Call) -> Row:
        self.enter(call)
        partial = call.operation.method == "PATCH"
        row = call.own(self.table, f"{self.stem}-{'patch' if partial else 'put'}")
        self.allow(call, row, self.write)
        moves = partial and call.flawed(f"{self.stem}-workspace")
        stays = () if moves else ("workspace",)
        said = call.valid(row["workspace"], partial=partial, without=stays)
        self.check(call, row, said)
        row.update(said)
        log(call, f"{self.stem}.updated", row)
        return shown(call, self.serializer, row)

    def destroy(self, call: Call) -> None:
        self.enter(call)
        row = call.own(self.table, f"{self.stem}-delete")
        self.allow(call, row, self.erase)
        self.remove(call, row)
        log(call, f"{self.stem}.deleted", row)


def routes(path: str, view: ViewSet, only: str = "list create retrieve update destroy") -> None:
    """Serve these of a view set's operations under the path."""
    name, doc = view.serializer, type(view).__doc__

    def serve(operation: str, does: Does, **more: Any) -> None:
        def described(call: Call) -> Any:
            return does(call)

        described.__doc__ = doc
        op(operation, uuid=view.uuid, **more)(described)

    asked = f"{view.params} search ordering expand".split() if view.params else ["ordering"]
    if "list" in only:
        serve(f"GET {path}", view.list, gives=name, many=view.many, params=" ".join(asked))
    if "create" in only:
        serve(f"POST {path}", view.create, gives=name, takes=name)
    if "retrieve" in only:
        expands = "expand" if view.params else ""
        serve(f"GET {path}{{id}}/", view.retrieve, gives=name, params=expands)
    if "update" in only:
        serve(f"PUT {path}{{id}}/", view.update, gives=name, takes=name)
        serve(f"PATCH {path}{{id}}/", view.update, gives=name, takes=name)
    if "destroy" in only:
        serve(f"DELETE {path}{{id}}/", view.destroy)
