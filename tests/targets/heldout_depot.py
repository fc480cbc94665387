"""An order and inventory service for merchants, from outside a usual Spring Boot application."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from tests.targets import (
    heldout_depot_carts,
    heldout_depot_catalogue,
    heldout_depot_files,
    heldout_depot_orders,
    heldout_depot_people,
)
from tests.targets.heldout_depot_catalogue import CARRIERS, CATEGORIES
from tests.targets.heldout_depot_core import (
    BASE,
    OPERATIONS,
    PHRASES,
    Call,
    Operation,
    Problem,
    Store,
)
from tests.targets.heldout_depot_document import openapi
from tests.targets.heldout_depot_schemas import Invalid, Row, identity
from tests.targets.heldout_depot_target import COMPANIES

PARTS = (
    heldout_depot_catalogue,
    heldout_depot_orders,
    heldout_depot_carts,
    heldout_depot_people,
    heldout_depot_files,
)
RULES = [
    Rule(BASE + each.path.replace("{", "<").replace("}", ">"), endpoint=each, methods=[each.method])
    for each in OPERATIONS
]
# What the tokens of API clients are for.
REACHED = {
    **dict.fromkeys(("orders", "shipments", "returns"), "orders"),
    **dict.fromkeys(("products", "stock", "locations", "categories"), "catalog"),
}


def stocked(at: Store) -> Store:
    """What every company begins with, and what all of them share."""
    for name in CATEGORIES:
        at.add("categories", "", name=name)
    for name in CARRIERS:
        at.add("carriers", "", name=name, trackingUrl=f"https://track.example/{name[:3].lower()}")
    for company, name, _ in COMPANIES:
        home = at.add("locations", company, name="Main warehouse", city=name.split()[0])
        for sku, price in (("HAM-1", 12.5), ("LMP-2", 30.0)):
            said: Row = {"name": f"{name} {sku}", "price": price, "description": None}
            made = at.add("products", company, sku=sku, categoryId=1001, **said)
            at.stock[home["id"], made["id"]] = 100
        buyer: Row = {"name": f"{name} walk-in", "email": "walk-in@customers.example"}
        at.add("customers", company, **buyer, phone=None)
    return at


def as_client(call: Call, client: Row) -> None:
    """An API client is a manager within its scopes, for its company only."""
    live = str(client["id"]) in call.at.tables["api-clients"] or call.flawed("client-undead")
    if not live:
        raise Problem(401, "Full authentication is required to access this resource")
    asked = call.request.headers.get("X-Company-Id", client["companyId"])
    part = REACHED.get(call.operation.path.split("/")[1])
    right = "read" if call.operation.method == "GET" else "write"
    scoped = f"{part}:{right}" in call.session["scopes"]
    if asked != client["companyId"] or not scoped:
        raise Problem(403, "Access Denied")
    call.company, call.role = client["companyId"], "MANAGER"


def enter(call: Call) -> None:
    """Find out who asks for which company; Problem when they may not."""
    kind, _, token = call.request.headers.get("Authorization", "").partition(" ")
    session = call.at.access.get(token)
    if kind != "Bearer" or session is None or session["ended"]:
        raise Problem(401, "Full authentication is required to access this resource")
    call.session, call.user, need = session, session["user"], call.operation.need
    if session["client"]:
        as_client(call, session["client"])
    else:
        having: Row = {} if call.flawed("dismissed-undead") else {"active": True}
        homes = call.at.rows("employees", userId=call.user["id"], **having)
        asked = call.request.headers.get("X-Company-Id", "")
        asked = asked and identity(asked)
        found = [row for row in homes if asked in ("", row["companyId"])]
        trusted = call.flawed("header-company") and call.operation.path == "/products"
        if found:
            call.company, call.role = found[0]["companyId"], found[0]["role"]
        elif trusted and homes and asked in call.at.tables["companies"]:
            call.company, call.role = asked, homes[0]["role"]
        elif need != "USER" or asked:
            raise Problem(403, "Access Denied")
    if need != "USER":
        call.demand(need, call.operation.lax)


# What Spring Security says with everything.
SECURE = {
    "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Origin",
}


class Depot:
    """The service as a WSGI application."""

    def __init__(self, flaw: str = "") -> None:
        self.at = stocked(Store(flaw))
        self.rules = Map([rule.empty() for rule in RULES])

    def answer(self, request: Request) -> Response:
        found: tuple[Operation, Any] = self.rules.bind_to_environ(request.environ).match()
        operation, path = found
        call = Call(self.at, request, operation, path, status=operation.status)
        if operation.need != "nobody":
            enter(call)
        said = operation.does(call)
        if isinstance(said, Response):
            return said
        if said is None:
            return Response(b"", call.status, call.headers)
        return Response(json.dumps(said), call.status, call.headers, "application/json")

    def refused(self, request: Request, status: int, message: str) -> Response:
        said = {"timestamp": self.at.now(), "status": status, "error": PHRASES[status]}
        body = json.dumps(said | {"message": message, "path": request.path})
        return Response(body, status, mimetype="application/json")

    def __call__(self, environ: Any, start: Any) -> Any:
        answer = self.respond(Request(environ))
        answer.headers.update(SECURE)
        return answer(environ, start)

    def respond(self, request: Request) -> Response:
        if request.path in ("/openapi.json", "/v3/api-docs"):
            return Response(json.dumps(openapi()), mimetype="application/json")
        try:
            return self.answer(request)
        except Problem as problem:
            return self.refused(request, problem.status, str(problem))
        except Invalid as invalid:
            return self.refused(request, 400, str(invalid))
        except MethodNotAllowed:
            message = f"Request method '{request.method}' is not supported"
            return self.refused(request, 405, message)
        except HTTPException:
            return self.refused(request, 404, f"No static resource {request.path.strip('/')}.")
