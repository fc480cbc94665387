"""A shop for several tenants, on Werkzeug: REST, random ids, roles, cursors, bulk, jobs.

`flaw` names the one thing that a build does wrong; "" is the clean one. Built in, on purpose, is
what looks like a leak and is none: a public catalogue, announcements that all tenants share, SKUs
that are unique per tenant (409), ids echoed in errors, times, counters, a password change that
answers 204 whatever id it is sent and changes the caller's own, deletions that answer 204 for any
id, a free reference that nobody looks up, lists in any order.
"""

# ruff: noqa: ARG002 - the routes of a service share one signature
from __future__ import annotations

import base64
import json
import random
import secrets
import time
import zlib
from dataclasses import dataclass, field
from typing import Any, ClassVar

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from tests.targets.documents import BEARER, NUMBER, TEXT, document, operation, record

Row = dict[str, Any]
PAGE = {"limit": {"type": "integer", "minimum": 1, "maximum": 100}, "cursor": {"type": "string"}}
PRODUCT = record("name", "sku", "price", name=TEXT, sku=TEXT, price=NUMBER)
PRODUCT_CHANGE = record(name=TEXT, price=NUMBER)
ORDER = record("product_id", "note", product_id=TEXT, note=TEXT, external_ref=TEXT)
STATUS = {"type": "string", "enum": ["open", "cancelled"]}
DOCUMENT = document(
    "Shop",
    {
        "/me": {"get": operation(), "patch": operation(record(nickname=TEXT))},
        "/users/{user_id}/password": {"put": operation(record("password", password=TEXT))},
        "/keys": {"get": operation(), "post": operation(record("label", label=TEXT))},
        "/keys/{key_id}": {"delete": operation()},
        "/products": {"get": operation(query=PAGE), "post": operation(PRODUCT)},
        "/products/{product_id}": {
            "get": operation(),
            "patch": operation(PRODUCT_CHANGE),
            "delete": operation(),
        },
        "/orders": {
            "get": operation(query={**PAGE, "q": {"type": "string"}, "status": STATUS}),
            "post": operation(ORDER),
        },
        "/orders/{order_id}": {
            "get": operation(),
            "put": operation(record("note", note=TEXT)),
            "delete": operation(),
        },
        "/orders/{order_id}/cancel": {"post": operation()},
        "/orders/{order_id}/lines": {
            "get": operation(),
            "post": operation(record("text", text=TEXT)),
        },
        "/orders/{order_id}/lines/{line_id}": {"get": operation(), "delete": operation()},
        "/orders/bulk-delete": {
            "post": operation(
                record("order_ids", order_ids={"type": "array", "items": TEXT, "minItems": 1})
            )
        },
        "/exports": {"post": operation(record("title", title=TEXT))},
        "/jobs": {"get": operation()},
        "/jobs/{job_id}": {"get": operation()},
        "/stats": {"get": operation()},
        "/announcements": {"get": operation()},
        "/catalogue": {"get": operation(public=True)},
        "/health": {"get": operation(public=True)},
    },
    BEARER,
)


class RefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message


def tag_of(row: Row) -> str:
    return f'"{zlib.crc32(json.dumps(row).encode()):08x}"'


@dataclass
class Shop:
    """The service; WSGI. Tokens are `tenant.role`, and those of `keys`."""

    flaw: str = ""
    rows: dict[str, dict[str, Row]] = field(
        default_factory=lambda: {
            name: {} for name in ("product", "order", "line", "key", "job", "user")
        }
    )
    requests: int = 0
    caller: tuple[str, str] = ("", "")

    tokens: ClassVar[dict[str, tuple[str, str]]] = {
        f"{tenant}-{role}-0123456789": (tenant, role)
        for tenant in ("red", "blue")
        for role in ("owner", "viewer")
    }
    routes: ClassVar[Map] = Map(
        [
            Rule(
                path.replace("{", "<").replace("}", ">"),
                methods=[method.upper()],
                endpoint=f"{method}{path}",
            )
            for path, item in DOCUMENT["paths"].items()
            for method in item
            if method != "parameters"
        ]
        + [Rule("/openapi.json", endpoint="document")]
    )

    def __call__(self, environ: Any, start: Any) -> Any:
        return self.respond(Request(environ))(environ, start)

    def respond(self, request: Request) -> Response:
        self.requests += 1
        try:
            endpoint, values = self.routes.bind_to_environ(request.environ).match()
            if endpoint == "document":
                return self.reply(200, DOCUMENT)
            if self.flaw == "etag-first" and request.headers.get("If-None-Match") in self.tags():
                return self.reply(304, None)
            return self.reply(*self.handle(endpoint, values, request))
        except RefusedError as refusal:
            return self.reply(refusal.status, {"error": refusal.message})
        except HTTPException as error:
            return self.reply(error.code or 500, {"error": error.name})

    def reply(self, status: int, value: Any) -> Response:
        headers = {"X-Request-Id": secrets.token_hex(8), "X-Served": str(self.requests)}
        body = "" if value is None else json.dumps(value)
        if isinstance(value, dict) and "sku" in value:
            headers["ETag"] = tag_of(value)
        return Response(body, status, headers, content_type="application/json")

    def tags(self) -> set[str]:
        return {tag_of(row) for row in self.rows["product"].values()}

    # Who is calling

    def sign_in(self, request: Request, endpoint: str) -> tuple[str, str]:
        token = request.headers.get("Authorization", "").removeprefix("Bearer").strip()
        for key in self.rows["key"].values():
            if key["secret"] == token and (key["live"] or self.flaw == "revoked-key"):
                return key["tenant_id"], "owner"
        found = self.tokens.get(token)
        if found is None and self.allows_nobody(endpoint, token):
            return "red", "owner"
        if found is None:
            raise RefusedError(401, "who are you?")
        tenant, role = found
        made = self.flaw == "header-owner" and request.method == "POST"
        if self.flaw == "header-tenant" or made:
            tenant = request.headers.get("X-Tenant-Id", tenant)
        if self.flaw == "query-tenant":
            tenant = request.args.get("tenant_id", tenant)
        return tenant, role

    def allows_nobody(self, endpoint: str, token: str) -> bool:
        return (
            (self.flaw == "anonymous-list" and endpoint == "get/products" and not token)
            or (self.flaw == "anonymous-delete" and endpoint == "delete/orders/{order_id}")
            or (self.flaw == "anonymous-read" and endpoint == "get/orders/{order_id}")
            or (self.flaw == "forged-token" and token != "")
            or (self.flaw == "unsealed-token" and token.startswith("red-owner-"))
            or (self.flaw == "anonymous-stats" and endpoint == "get/stats")
        )

    def handle(self, endpoint: str, values: Row, request: Request) -> tuple[int, Any]:
        if endpoint == "get/catalogue":
            return 200, [row for row in self.rows["product"].values() if row["price"] == 7]
        if endpoint == "get/health":
            return 200, {"up": True, "at": time.time()}
        if self.flaw == "no-creation" and request.method == "POST":
            raise RefusedError(503, "later")
        tenant, role = self.caller = self.sign_in(request, endpoint)
        method = request.method
        body = request.get_json() if request.data else {}
        writes_others = method != "GET" and endpoint not in {
            "post/keys",
            "put/users/{user_id}/password",
            "patch/me",
        }
        lax = {
            "viewer-deletes": "delete/products/{product_id}",
            "viewer-edits": "put/orders/{order_id}",
        }
        if role == "viewer" and writes_others and lax.get(self.flaw) != endpoint:
            raise RefusedError(403, "viewers only read")
        if role == "viewer" and self.flaw == "viewer-starved" and endpoint == "get/stats":
            raise RefusedError(403, "no")
        name = endpoint.replace("/", "_").replace("{", "").replace("}", "").replace("-", "_")
        called: tuple[int, Any] = getattr(self, name)(tenant, body, request, **values)
        return called

    # Rows

    def make(self, kind: str, tenant: str, **values: Any) -> Row:
        row = {
            "id": secrets.token_hex(8),
            "tenant_id": tenant,
            "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            **values,
        }
        self.rows[kind][row["id"]] = row
        return row

    def find(self, kind: str, tenant: str, row_id: str, flaw: str = "-") -> Row:
        row = self.rows[kind].get(row_id)
        if row is not None and row["tenant_id"] != tenant and self.flaw != flaw:
            if self.flaw == f"oracle-{kind}":
                raise RefusedError(403, "not yours")
            if self.flaw == f"error-{kind}":
                raise RefusedError(
                    404, f"no {kind} {row_id} ({row.get('note') or row.get('name')})"
                )
            row = None
        if row is None:
            raise RefusedError(404, f"no {kind} {row_id}")
        return row

    def mine(self, kind: str, tenant: str, flaw: str = "-") -> list[Row]:
        rows = list(self.rows[kind].values())
        return [row for row in rows if row["tenant_id"] == tenant or self.flaw == flaw]

    def page(self, kind: str, tenant: str, rows: list[Row], request: Request) -> Row:
        start, limit = 0, int(request.args.get("limit", 50))
        if cursor := request.args.get("cursor"):
            try:
                told = json.loads(base64.urlsafe_b64decode(cursor))
            except ValueError:
                raise RefusedError(400, "bad cursor") from None
            start = int(told.get("start", 0))
            if self.flaw == "cursor-trust":
                rows = self.mine(kind, told["tenant"])
            elif told.get("tenant") != tenant:
                raise RefusedError(400, "bad cursor")
        shown = rows[start : start + limit]
        after = {"tenant": tenant, "start": start + limit}
        more = base64.urlsafe_b64encode(json.dumps(after).encode()).decode()
        counted = self.rows[kind] if self.flaw == "total-all" else rows
        return {
            "items": random.sample(shown, len(shown)),
            "total": len(counted),
            "next_cursor": more if start + limit < len(rows) else None,
        }

    # Routes

    def get_me(self, tenant: str, body: Row, request: Request) -> tuple[int, Any]:
        return 200, self.me(tenant)

    def me(self, tenant: str) -> Row:
        role = self.caller[1]
        own = [
            row
            for row in self.rows["user"].values()
            if row["tenant_id"] == tenant and row["seat"] == role
        ]
        started = {"nickname": "-", "seat": role, "role": role, "password": "-"}
        return own[0] if own else self.make("user", tenant, **started)

    def patch_me(self, tenant: str, body: Row, request: Request) -> tuple[int, Any]:
        allowed = {"nickname"} | ({"role"} if self.flaw == "assign-role" else set())
        me = self.me(tenant)
        me.update({name: value for name, value in body.items() if name in allowed})
        return 200, me

    def put_users_user_id_password(
        self, tenant: str, body: Row, request: Request, user_id: str
    ) -> tuple[int, Any]:
        row = self.rows["user"].get(user_id) if self.flaw == "foreign-password" else None
        (row or self.me(tenant))["password"] = body["password"]
        return 204, None

    def get_keys(self, tenant: str, body: Row, request: Request) -> tuple[int, Any]:
        rows = [row for row in self.mine("key", tenant) if row["live"]]
        return 200, [{**row, "secret": "hidden"} for row in rows]

    def post_keys(self, tenant: str, body: Row, request: Request) -> tuple[int, Any]:
        return 201, self.make(
            "key", tenant, label=body["label"], secret=secrets.token_urlsafe(24), live=True
        )

    def delete_keys_key_id(
        self, tenant: str, body: Row, request: Request, key_id: str
    ) -> tuple[int, Any]:
        self.find("key", tenant, key_id, "delete-key")["live"] = False
        return 204, None

    def get_products(self, tenant: str, body: Row, request: Request) -> tuple[int, Any]:
        return 200, self.page(
            "product", tenant, self.mine("product", tenant, "list-products"), request
        )

    def post_products(self, tenant: str, body: Row, request: Request) -> tuple[int, Any]:
        taken = [row["sku"] for row in self.mine("product", tenant)]
        if body["sku"] in taken:
            raise RefusedError(409, "that SKU is taken")
        values = {name: body[name] for name in ("name", "sku", "price")}
        if self.flaw == "assign-tenant":
            values["tenant_id"] = body.get("tenant_id", tenant)
        if self.flaw == "assign-time" and "created_at" in body:
            values["created_at"] = body["created_at"]
        if self.flaw == "assign-id" and "id" in body:
            values["id"] = body["id"]
        return 201, self.make("product", values.pop("tenant_id", tenant), **values)

    def get_products_product_id(
        self, tenant: str, body: Row, request: Request, product_id: str
    ) -> tuple[int, Any]:
        return 200, self.find("product", tenant, product_id, "read-product")

    def patch_products_product_id(
        self, tenant: str, body: Row, request: Request, product_id: str
    ) -> tuple[int, Any]:
        late = self.flaw in {"conflict-after-write", "missing-after-write"}
        row = self.rows["product"].get(product_id) if late else None
        if row is None:
            row = self.find("product", tenant, product_id, "patch-product")
        allowed = {"name", "price"} | ({"tenant_id"} if self.flaw == "give-away" else set())
        row.update({name: value for name, value in body.items() if name in allowed})
        if row["tenant_id"] != tenant and late:
            raise RefusedError(409 if self.flaw == "conflict-after-write" else 404, "no")
        return 200, row

    def delete_products_product_id(
        self, tenant: str, body: Row, request: Request, product_id: str
    ) -> tuple[int, Any]:
        row = self.rows["product"].get(product_id)
        if row is not None and (row["tenant_id"] == tenant or self.flaw == "delete-product"):
            del self.rows["product"][product_id]
        return 204, None

    def get_orders(self, tenant: str, body: Row, request: Request) -> tuple[int, Any]:
        wanted, status = request.args.get("q", ""), request.args.get("status")
        rows = self.mine("order", tenant, "search-all" if wanted else "list-orders")
        rows = [row for row in rows if wanted in row["note"] and status in {None, row["status"]}]
        answer = self.page("order", tenant, rows, request)
        if self.flaw == "search-hits" and wanted:
            every = self.rows["order"].values()
            answer["total"] = sum(wanted in row["note"] for row in every)
        return 200, answer

    def post_orders(self, tenant: str, body: Row, request: Request) -> tuple[int, Any]:
        loose = self.flaw in {"order-references", "order-shows-product"}
        flaw = self.flaw if loose else "-"
        product = self.find("product", tenant, body["product_id"], flaw)
        row = self.make(
            "order",
            tenant,
            note=body["note"],
            status="open",
            product_id=product["id"],
            external_ref=body.get("external_ref"),
        )
        if self.flaw == "stock":
            product["sold"] = True
        return 201, row

    def get_orders_order_id(
        self, tenant: str, body: Row, request: Request, order_id: str
    ) -> tuple[int, Any]:
        row = self.find("order", tenant, order_id, "read-order")
        if self.flaw == "order-shows-product":
            return 200, {**row, "product_name": self.rows["product"][row["product_id"]]["name"]}
        return 200, row

    def put_orders_order_id(
        self, tenant: str, body: Row, request: Request, order_id: str
    ) -> tuple[int, Any]:
        row = self.find("order", tenant, order_id, "put-order")
        row["note"] = body["note"]
        if self.flaw == "assign-status" and "status" in body:
            row["status"] = body["status"]
        return 200, row

    def delete_orders_order_id(
        self, tenant: str, body: Row, request: Request, order_id: str
    ) -> tuple[int, Any]:
        self.find("order", tenant, order_id, "delete-order")
        del self.rows["order"][order_id]
        return 204, None

    def post_orders_order_id_cancel(
        self, tenant: str, body: Row, request: Request, order_id: str
    ) -> tuple[int, Any]:
        self.find("order", tenant, order_id, "cancel-order")["status"] = "cancelled"
        return 204, None

    def post_orders_bulk_delete(self, tenant: str, body: Row, request: Request) -> tuple[int, Any]:
        done = 0
        for index, order_id in enumerate(body["order_ids"]):
            row = self.rows["order"].get(order_id)
            lax = self.flaw == "bulk-all" or (self.flaw == "bulk-mixed" and index > 0)
            if row is not None and (row["tenant_id"] == tenant or lax):
                del self.rows["order"][order_id]
                done += 1
        return 200, {"deleted": done if self.flaw != "bulk-mixed" else 0}

    def get_orders_order_id_lines(
        self, tenant: str, body: Row, request: Request, order_id: str
    ) -> tuple[int, Any]:
        self.find("order", tenant, order_id, "list-lines")
        return 200, [row for row in self.rows["line"].values() if row["order_id"] == order_id]

    def post_orders_order_id_lines(
        self, tenant: str, body: Row, request: Request, order_id: str
    ) -> tuple[int, Any]:
        order = self.find("order", tenant, order_id, "add-line")
        return 201, self.make("line", order["tenant_id"], order_id=order_id, text=body["text"])

    def line(self, tenant: str, order_id: str, line_id: str, flaw: str) -> Row:
        self.find("order", tenant, order_id)
        row = self.rows["line"].get(line_id)
        if row is None or (row["order_id"] != order_id and self.flaw != flaw):
            raise RefusedError(404, f"no line {line_id}")
        return row

    def get_orders_order_id_lines_line_id(
        self, tenant: str, body: Row, request: Request, order_id: str, line_id: str
    ) -> tuple[int, Any]:
        return 200, self.line(tenant, order_id, line_id, "read-line")

    def delete_orders_order_id_lines_line_id(
        self, tenant: str, body: Row, request: Request, order_id: str, line_id: str
    ) -> tuple[int, Any]:
        del self.rows["line"][self.line(tenant, order_id, line_id, "delete-line")["id"]]
        return 204, None

    def post_exports(self, tenant: str, body: Row, request: Request) -> tuple[int, Any]:
        job = self.make("job", tenant, title=body["title"], state="queued")
        return 202, {"job_id": job["id"], "state": "queued"}

    def get_jobs(self, tenant: str, body: Row, request: Request) -> tuple[int, Any]:
        return 200, self.mine("job", tenant)

    def get_jobs_job_id(
        self, tenant: str, body: Row, request: Request, job_id: str
    ) -> tuple[int, Any]:
        return 200, self.find("job", tenant, job_id, "read-job")

    def get_stats(self, tenant: str, body: Row, request: Request) -> tuple[int, Any]:
        kinds = ("product", "order")
        return 200, {
            "at": time.time(),
            "requests": self.requests,
            **{kind: len(self.mine(kind, tenant, "count-all")) for kind in kinds},
        }

    def get_announcements(self, tenant: str, body: Row, request: Request) -> tuple[int, Any]:
        shown = [{"id": "announcement-1", "text": "We are open on Sunday."}]
        # A board on which every tenant's new products are announced to all, on purpose.
        board = self.rows["product"].values() if self.flaw == "list-announcements" else ()
        return 200, [*shown, *({"id": row["id"], "text": row["name"]} for row in board)]
