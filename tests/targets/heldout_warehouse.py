"""Stock: warehouses, bins and items by the keys that their owners chose, on bare WSGI."""

from __future__ import annotations

import base64
import json
import re
import secrets
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.targets.heldout import Planted, document

Row = dict[str, Any]
Answer = tuple[int, Any]
FLAWS = {
    "warehouse-read": Planted("read", "GET /api/warehouses/{code}"),
    "item-read": Planted("read", "GET /api/items/{sku}"),
    "bin-update": Planted("write", "PATCH /api/warehouses/{code}/bins/{bin}"),
    "item-put": Planted("write", "PUT /api/items/{sku}"),
    "item-delete": Planted("delete", "DELETE /api/items/{sku}"),
    "bin-delete": Planted("delete", "DELETE /api/warehouses/{code}/bins/{bin}"),
    "items-list": Planted("list", "GET /api/items"),
    "transfers-page": Planted("list", "GET /api/transfers"),
    "bulk-get": Planted("bulk", "POST /api/items/bulk-get"),
    "bulk-delete": Planted("bulk", "POST /api/items/bulk-delete"),
    "item-count": Planted("count", "GET /api/items/count"),
    "bins-of-foreign": Planted("nested", "GET /api/warehouses/{code}/bins"),
    "bin-in-foreign": Planted("nested", "POST /api/warehouses/{code}/bins"),
    "transfer-reference": Planted("reference", "POST /api/transfers"),
    "tenant-assigned": Planted("mass assignment", "POST /api/warehouses"),
    "staff-role": Planted("function", "GET /api/staff"),
    "invite-role": Planted("function", "POST /api/invitations"),
    "header-tenant": Planted("header", "GET /api/warehouses"),
    "cursor": Planted("cursor", "GET /api/movements"),
    "item-exists": Planted("existence", "GET /api/items/{sku}"),
    "bin-exists": Planted("existence", "DELETE /api/warehouses/{code}/bins/{bin}"),
    "export-file": Planted("job", "GET /api/exports/{job}/file"),
    "export-state": Planted("job", "GET /api/exports/{job}"),
    "search": Planted("search", "GET /api/search"),
    "key-revoked": Planted("revoked", "DELETE /api/keys/current"),
}
TRAPS = {
    "same-key": "two tenants may both have a warehouse MAIN: each sees its own",
    "upsert": "PUT /api/items/{sku} with another tenant's key creates an own item",
    "catalogue": "GET /api/catalogue: one for all, without credentials",
    "bulk-missing": "POST /api/items/bulk-get: missing repeats the keys not found",
    "bulk-delete-200": "POST /api/items/bulk-delete: 200 with deleted: 0 for foreign keys",
    "watch": "PUT /api/items/{sku}/watch: 204 for any key, kept per caller",
    "ignored-tenant": "POST /api/warehouses: tenant is accepted and ignored",
    "ignored-header": "X-Tenant-Id is read by no handler",
    "carrier-stats": "GET /api/carriers: shipments of all tenants per carrier, by design",
    "echo": "errors and search repeat what was asked",
    "invitation": "POST /api/invitations/{code}/accept: whoever has the code may accept",
}
KEYS = {
    "wh_orion_m_4f11": ("orion", "manager"),
    "wh_orion_p_90aa": ("orion", "picker"),
    "wh_lyra_m_6d2c": ("lyra", "manager"),
    "wh_lyra_p_13be": ("lyra", "picker"),
}
CATALOGUE = [{"gtin": "0731", "title": "Pallet"}, {"gtin": "0732", "title": "Crate"}]
CARRIERS = ("post", "road")
ROUTES = [
    ("GET", "/openapi.json", "openapi"),
    ("GET", "/api/catalogue", "catalogue"),
    ("GET", "/api/catalogue/{}", "catalogue_one"),
    ("GET", "/api/carriers", "carriers"),
    ("POST", "/api/keys", "new_key"),
    ("DELETE", "/api/keys/current", "drop_key"),
    ("GET", "/api/staff", "staff"),
    ("POST", "/api/invitations", "invite"),
    ("GET", "/api/invitations", "invitations"),
    ("POST", "/api/invitations/{}/accept", "accept"),
    ("GET", "/api/warehouses", "warehouses"),
    ("POST", "/api/warehouses", "add_warehouse"),
    ("GET", "/api/warehouses/{}", "warehouse"),
    ("PUT", "/api/warehouses/{}", "put_warehouse"),
    ("DELETE", "/api/warehouses/{}", "drop_warehouse"),
    ("GET", "/api/warehouses/{}/bins", "bins"),
    ("POST", "/api/warehouses/{}/bins", "add_bin"),
    ("GET", "/api/warehouses/{}/bins/{}", "bin"),
    ("PATCH", "/api/warehouses/{}/bins/{}", "change_bin"),
    ("DELETE", "/api/warehouses/{}/bins/{}", "drop_bin"),
    ("GET", "/api/items", "items"),
    ("GET", "/api/items/count", "count"),
    ("POST", "/api/items/bulk", "bulk_put"),
    ("POST", "/api/items/bulk-get", "bulk_get"),
    ("POST", "/api/items/bulk-delete", "bulk_delete"),
    ("GET", "/api/items/{}", "item"),
    ("PUT", "/api/items/{}", "put_item"),
    ("DELETE", "/api/items/{}", "drop_item"),
    ("PUT", "/api/items/{}/watch", "watch"),
    ("GET", "/api/movements", "movements"),
    ("GET", "/api/transfers", "transfers"),
    ("POST", "/api/transfers", "transfer"),
    ("GET", "/api/transfers/{}", "one_transfer"),
    ("GET", "/api/search", "search"),
    ("POST", "/api/exports", "export"),
    ("GET", "/api/exports/{}", "export_state"),
    ("GET", "/api/exports/{}/file", "export_file"),
]
PATTERNS = [
    (method, re.compile(path.replace("{}", "([^/]+)")), name) for method, path, name in ROUTES
]
OPEN = ("openapi", "catalogue", "catalogue_one")
REASONS = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 404: "Not Found"}


class Refused(Exception):  # noqa: N818
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class Tenant:
    def __init__(self, name: str) -> None:
        self.name = name
        self.warehouses: dict[str, Row] = {"MAIN": {"code": "MAIN", "label": f"{name} main"}}
        self.bins: dict[str, Row] = {}
        self.items: dict[str, Row] = {}
        self.transfers: dict[str, Row] = {}
        self.movements: list[Row] = []
        self.exports: dict[str, Row] = {}
        self.invitations: dict[str, Row] = {}


class Stock:
    """One build of the service; `flaw` names the one that it has, if any."""

    def __init__(self, flaw: str = "") -> None:
        self.flaw = flaw
        self.lock = threading.RLock()
        self.keys = dict(KEYS)
        self.tenants = {name: Tenant(name) for name in ("orion", "lyra")}
        self.watched: set[tuple[str, str]] = set()
        self.query: dict[str, str] = {}

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        with self.lock:
            try:
                status, body = self.route(environ)
            except Refused as refusal:
                status, body = refusal.status, {"message": refusal.message}
        text = (
            b""
            if status == 204
            else (body.encode() if isinstance(body, str) else json.dumps(body).encode())
        )
        kind = "text/csv" if isinstance(body, str) else "application/json"
        headers = [("Content-Type", kind), ("Content-Length", str(len(text)))]
        start_response(f"{status} {REASONS.get(status, 'Refused')}", headers)
        return [text]

    def route(self, environ: Any) -> Answer:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        found = [
            (verb, match, name)
            for verb, pattern, name in PATTERNS
            if (match := pattern.fullmatch(path))
        ]
        for verb, match, name in found:
            if verb == method:
                self.enter(environ, name)
                handler: Callable[..., Answer] = getattr(self, f"on_{name}")
                parts = [unquote(part) for part in match.groups()]
                if method in ("POST", "PUT", "PATCH"):
                    return handler(body_of(environ), *parts)
                return handler(*parts)
        raise Refused(405 if found else 404, "no such operation")

    def enter(self, environ: Any, name: str) -> None:
        self.query = {
            key: values[-1] for key, values in parse_qs(environ.get("QUERY_STRING", "")).items()
        }
        if name in OPEN:
            return
        self.key = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Token ")
        if self.key not in self.keys:
            raise Refused(401, "a valid access key is needed")
        tenant, self.role = self.keys[self.key]
        claimed = environ.get("HTTP_X_TENANT_ID", "")
        if name == "warehouses" and self.flaw == "header-tenant" and claimed in self.tenants:
            tenant = claimed
        self.here = self.tenants[tenant]

    # -- finding

    def owner(self, shelf: str, key: str, flaws: Iterable[str] = ()) -> Tenant:
        """The tenant whose `shelf` has the key: the caller's own, or none."""
        if key in getattr(self.here, shelf):
            return self.here
        if self.flaw in flaws:
            for tenant in self.tenants.values():
                if key in getattr(tenant, shelf):
                    return tenant
        raise Refused(404, f"{shelf[:-1]} {key} not found")

    def elsewhere(self, shelf: str, key: str) -> bool:
        others = (one for one in self.tenants.values() if one is not self.here)
        return key not in getattr(self.here, shelf) and any(
            key in getattr(one, shelf) for one in others
        )

    def every(self, shelf: str, flaw: str) -> list[Row]:
        tenants = self.tenants.values() if self.flaw == flaw else [self.here]
        return [row for tenant in tenants for row in getattr(tenant, shelf).values()]

    def page(self, rows: list[Row]) -> Answer:
        try:
            page, size = int(self.query.get("page", 1)), int(self.query.get("pageSize", 50))
        except ValueError:
            page, size = 0, 0
        if page < 1 or not 0 < size <= 200:
            raise Refused(422, "page counts from 1, pageSize is up to 200")
        part = rows[(page - 1) * size : page * size]
        return 200, {"rows": part, "page": page, "pages": -(-len(rows) // size)}

    def managers(self, flaw: str = "") -> None:
        if self.role != "manager" and not (flaw and self.flaw == flaw):
            raise Refused(403, "for managers")

    # -- for all, and keys

    def on_openapi(self) -> Answer:
        return 200, document("warehouse")

    def on_catalogue(self) -> Answer:
        return 200, {"rows": CATALOGUE}

    def on_catalogue_one(self, gtin: str) -> Answer:
        for row in CATALOGUE:
            if row["gtin"] == gtin:
                return 200, row
        raise Refused(404, f"gtin {gtin} not found")

    def on_carriers(self) -> Answer:
        rows = [row for tenant in self.tenants.values() for row in tenant.transfers.values()]
        return 200, {
            "rows": [
                {"carrier": one, "shipments": sum(row["carrier"] == one for row in rows)}
                for one in CARRIERS
            ]
        }

    def on_new_key(self, _: Row) -> Answer:
        key = "wh_" + secrets.token_hex(10)
        self.keys[key] = (self.here.name, self.role)
        return 201, {"accessKey": key}

    def on_drop_key(self) -> Answer:
        if self.flaw != "key-revoked":
            del self.keys[self.key]
        return 204, None

    def on_staff(self) -> Answer:
        self.managers("staff-role")
        roles = [role for tenant, role in KEYS.values() if tenant == self.here.name]
        return 200, {
            "rows": [{"login": f"{role}@{self.here.name}", "role": role} for role in roles]
        }

    def on_invite(self, given: Row) -> Answer:
        self.managers("invite-role")
        code = secrets.token_hex(8)
        row = {"code": code, "email": text(given, "email"), "accepted": False}
        self.here.invitations[code] = row
        return 201, row

    def on_invitations(self) -> Answer:
        self.managers()
        return 200, {"rows": list(self.here.invitations.values())}

    def on_accept(self, _: Row, code: str) -> Answer:
        for tenant in self.tenants.values():
            if code in tenant.invitations:
                tenant.invitations[code]["accepted"] = True
                return 200, {"joined": True}
        raise Refused(404, f"invitation {code} not found")

    # -- warehouses and bins

    def on_warehouses(self) -> Answer:
        return self.page(list(self.here.warehouses.values()))

    def on_add_warehouse(self, given: Row) -> Answer:
        tenant = self.here
        if self.flaw == "tenant-assigned" and given.get("tenant") in self.tenants:
            tenant = self.tenants[given["tenant"]]
        code = key_of(given, "code")
        if code in tenant.warehouses:
            raise Refused(409, f"warehouse {code} exists")
        tenant.warehouses[code] = {"code": code, "label": str(given.get("label", ""))}
        return 201, tenant.warehouses[code]

    def on_warehouse(self, code: str) -> Answer:
        return 200, self.owner("warehouses", code, ["warehouse-read"]).warehouses[code]

    def on_put_warehouse(self, given: Row, code: str) -> Answer:
        row: Row = self.owner("warehouses", code).warehouses[code]
        row["label"] = text(given, "label")
        return 200, row

    def on_drop_warehouse(self, code: str) -> Answer:
        self.owner("warehouses", code)
        if any(row["warehouse_code"] == code for row in self.here.bins.values()):
            raise Refused(409, f"warehouse {code} has bins")
        del self.here.warehouses[code]
        return 204, None

    def on_bins(self, code: str) -> Answer:
        owner = self.owner("warehouses", code, ["bins-of-foreign"])
        return self.page([row for row in owner.bins.values() if row["warehouse_code"] == code])

    def on_add_bin(self, given: Row, code: str) -> Answer:
        owner = self.owner("warehouses", code, ["bin-in-foreign"])
        name = key_of(given, "bin_code")
        if name in owner.bins:
            raise Refused(409, f"bin {name} exists")
        row = {"bin_code": name, "warehouse_code": code, "remark": str(given.get("remark", ""))}
        owner.bins[name] = row
        return 201, row

    def find_bin(self, code: str, name: str, flaw: str = "none") -> tuple[Tenant, Row]:
        owner = self.owner("warehouses", code, [flaw])
        row = owner.bins.get(name)
        if row is None or row["warehouse_code"] != code:
            raise Refused(404, f"bin {name} not found")
        return owner, row

    def on_bin(self, code: str, name: str) -> Answer:
        return 200, self.find_bin(code, name)[1]

    def on_change_bin(self, given: Row, code: str, name: str) -> Answer:
        row = self.find_bin(code, name, "bin-update")[1]
        row["remark"] = text(given, "remark")
        return 200, row

    def on_drop_bin(self, code: str, name: str) -> Answer:
        if self.flaw == "bin-exists" and self.elsewhere("bins", name):
            raise Refused(409, "the bin is in use")
        owner, _ = self.find_bin(code, name, "bin-delete")
        del owner.bins[name]
        return 204, None

    # -- items

    def on_items(self) -> Answer:
        return self.page(self.every("items", "items-list"))

    def on_count(self) -> Answer:
        return 200, {"count": len(self.every("items", "item-count"))}

    def put(self, tenant: Tenant, sku: str, given: Row) -> tuple[bool, Row]:
        new = sku not in tenant.items
        quantity = given.get("quantity", 0)
        if not isinstance(quantity, int):
            raise Refused(422, "quantity must be an integer")
        tenant.items[sku] = {"sku": sku, "title": text(given, "title"), "quantity": quantity}
        tenant.movements.append({"sku": sku, "to": quantity, "no": len(tenant.movements) + 1})
        return new, tenant.items[sku]

    def on_put_item(self, given: Row, sku: str) -> Answer:
        tenant = self.here
        if self.flaw == "item-put" and self.elsewhere("items", sku):
            tenant = self.owner("items", sku, ["item-put"])
        new, row = self.put(tenant, sku, given)
        return (201 if new else 200), row

    def on_bulk_put(self, given: Row) -> Answer:
        rows = given.get("items")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Refused(422, "items must be a list of objects")
        return 200, {"rows": [self.put(self.here, key_of(row, "sku"), row)[1] for row in rows]}

    def on_bulk_get(self, given: Row) -> Answer:
        rows, missing = [], []
        for sku in keys_of(given):
            try:
                rows.append(self.owner("items", sku, ["bulk-get"]).items[sku])
            except Refused:
                missing.append(sku)
        return 200, {"rows": rows, "missing": missing}

    def on_bulk_delete(self, given: Row) -> Answer:
        deleted = 0
        for sku in keys_of(given):
            tenants = self.tenants.values() if self.flaw == "bulk-delete" else [self.here]
            deleted += sum(tenant.items.pop(sku, None) is not None for tenant in tenants)
        return 200, {"deleted": deleted}

    def on_item(self, sku: str) -> Answer:
        if self.flaw == "item-exists" and self.elsewhere("items", sku):
            raise Refused(404, "item not available")
        return 200, self.owner("items", sku, ["item-read"]).items[sku]

    def on_drop_item(self, sku: str) -> Answer:
        del self.owner("items", sku, ["item-delete"]).items[sku]
        return 204, None

    def on_watch(self, _: Row, sku: str) -> Answer:
        self.watched.add((self.key, sku))
        return 204, None

    # -- movements and transfers

    def on_movements(self) -> Answer:
        tenant, after = self.here, 0
        if "after" in self.query:
            named, after = opened(self.query["after"])
            if self.flaw == "cursor":
                tenant = self.tenants.get(named, tenant)
        rows = [row for row in tenant.movements if row["no"] > after][:2]
        more = rows and rows[-1]["no"] < len(tenant.movements)
        return 200, {"rows": rows, "next": sealed(tenant.name, rows[-1]["no"]) if more else None}

    def on_transfers(self) -> Answer:
        paged = "page" in self.query
        return self.page(self.every("transfers", "transfers-page" if paged else "never"))

    def on_transfer(self, given: Row) -> Answer:
        sku, target = key_of(given, "sku"), key_of(given, "toWarehouse")
        item = self.owner("items", sku, ["transfer-reference"]).items[sku]
        self.owner("warehouses", target)
        if given.get("carrier", "post") not in CARRIERS:
            raise Refused(422, "carrier is one of " + ", ".join(CARRIERS))
        reference = "T-" + secrets.token_hex(6)
        row = {"reference": reference, "sku": sku, "toWarehouse": target}
        row |= {"itemTitle": item["title"], "carrier": given.get("carrier", "post")}
        self.here.transfers[reference] = row
        return 201, row

    def on_one_transfer(self, reference: str) -> Answer:
        return 200, self.owner("transfers", reference).transfers[reference]

    # -- search and exports

    def on_search(self) -> Answer:
        term = self.query.get("term", "")
        rows = self.every("items", "search")
        found = [row for row in rows if term and (term in row["title"] or term == row["sku"])]
        return 200, {"term": term, "hits": found}

    def on_export(self, given: Row) -> Answer:
        lines = [
            f"{row['sku']};{row['title']};{row['quantity']}" for row in self.here.items.values()
        ]
        job = secrets.token_hex(8)
        self.here.exports[job] = {
            "job": job,
            "note": str(given.get("note", "")),
            "lines": lines,
        }
        return 202, {"job": job, "state": "pending"}

    def on_export_state(self, job: str) -> Answer:
        row = self.owner("exports", job, ["export-state"]).exports[job]
        return 200, {"job": job, "note": row["note"], "state": "ready", "lines": len(row["lines"])}

    def on_export_file(self, job: str) -> Answer:
        row = self.owner("exports", job, ["export-file"]).exports[job]
        return 200, "sku;title;quantity\n" + "\n".join(row["lines"]) + "\n"


def body_of(environ: Any) -> Row:
    raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    try:
        body = json.loads(raw or b"{}")
    except ValueError as broken:
        raise Refused(400, "the body is not JSON") from broken
    if not isinstance(body, dict):
        raise Refused(400, "the body must be an object")
    return body


def text(given: Row, field: str) -> str:
    value = given.get(field)
    if not isinstance(value, str) or not value:
        raise Refused(422, f"{field} is needed")
    return value


def key_of(given: Row, field: str) -> str:
    value = text(given, field)
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", value):
        raise Refused(422, f"{field} has letters, digits, dots, dashes and underscores")
    return value


def keys_of(given: Row) -> list[str]:
    skus = given.get("skus")
    if not isinstance(skus, list) or not all(isinstance(one, str) for one in skus):
        raise Refused(422, "skus must be a list of strings")
    return skus


def sealed(tenant: str, after: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([tenant, after]).encode()).decode()


def opened(cursor: str) -> tuple[str, int]:
    try:
        tenant, after = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        return str(tenant), int(after)
    except (ValueError, TypeError) as broken:
        raise Refused(422, "after is no cursor") from broken
