"""Desk: tickets of organisations as JSON:API on werkzeug, with sessions, roles and exports."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from tests.targets.heldout import Planted, document

Row = dict[str, Any]
FLAWS = {
    "ticket-read": Planted("read", "GET /v1/tickets/{ticketId}"),
    "customer-read": Planted("read", "GET /v1/customers/{customerId}"),
    "ticket-update": Planted("write", "PATCH /v1/tickets/{ticketId}"),
    "ticket-restore": Planted("write", "POST /v1/tickets/{ticketId}/restore"),
    "customer-delete": Planted("delete", "DELETE /v1/customers/{customerId}"),
    "webhook-delete": Planted("delete", "DELETE /v1/webhooks/{webhookId}"),
    "trash-list": Planted("list", "GET /v1/tickets/trash"),
    "filter-list": Planted("list", "GET /v1/tickets"),
    "search": Planted("search", "GET /v1/search"),
    "stats": Planted("count", "GET /v1/stats"),
    "meta-total": Planted("count", "GET /v1/customers"),
    "comments-of-foreign": Planted("nested", "GET /v1/tickets/{ticketId}/comments"),
    "comment-other-parent": Planted("nested", "GET /v1/tickets/{ticketId}/comments/{commentId}"),
    "comment-create": Planted("nested", "POST /v1/tickets/{ticketId}/comments"),
    "customer-reference": Planted("reference", "POST /v1/tickets"),
    "merge-source": Planted("reference", "POST /v1/tickets/merge"),
    "organization-assigned": Planted("mass assignment", "POST /v1/customers"),
    "role-assigned": Planted("mass assignment", "PATCH /v1/me"),
    "webhook-role": Planted("function", "POST /v1/webhooks"),
    "settings-role": Planted("function", "PATCH /v1/organization"),
    "header-organization": Planted("header", "GET /v1/tickets"),
    "ticket-exists": Planted("existence", "GET /v1/tickets/{ticketId}"),
    "export-download": Planted("job", "GET /v1/exports/{exportId}/download"),
    "logout": Planted("revoked", "DELETE /v1/sessions/current"),
}
TRAPS = {
    "published-articles": "GET /v1/articles: published articles are for every organisation",
    "categories": "GET /v1/categories: one list for all",
    "mute": "PUT /v1/tickets/{ticketId}/mute: 204 for any id, kept per caller alone",
    "idempotent-delete": "DELETE /v1/tickets/{ticketId}: 204 for unknown ids, no effect on others",
    "search-echo": "GET /v1/search: meta.query repeats what was asked",
    "echoed-id": "errors repeat the id of the request",
    "ignored-attribute": "POST /v1/tickets: organizationId is accepted and ignored",
    "ignored-header": "X-Organization is read by no handler",
    "platform-counter": "GET /v1/status: tickets ever opened on the whole platform, by design",
    "own-role-ignored": "PATCH /v1/me: role is accepted and ignored",
}
USERS = {
    "dana@north.example": ("north", "admin", "north-admin-pass", "desk_na_51c2"),
    "erik@north.example": ("north", "agent", "north-agent-pass", "desk_ng_8f07"),
    "fay@south.example": ("south", "admin", "south-admin-pass", "desk_sa_77d1"),
    "gil@south.example": ("south", "agent", "south-agent-pass", "desk_sg_2b9e"),
}
CATEGORIES = ["billing", "bug", "question"]
ROUTES = [
    ("POST", "/v1/sessions", "login"),
    ("DELETE", "/v1/sessions/current", "logout"),
    ("GET", "/v1/status", "status"),
    ("GET", "/v1/me", "me"),
    ("PATCH", "/v1/me", "update_me"),
    ("GET", "/v1/organization", "organization"),
    ("PATCH", "/v1/organization", "update_organization"),
    ("GET", "/v1/categories", "categories"),
    ("GET", "/v1/stats", "stats"),
    ("GET", "/v1/search", "search"),
    ("GET", "/v1/tickets", "tickets"),
    ("POST", "/v1/tickets", "open_ticket"),
    ("GET", "/v1/tickets/trash", "trash"),
    ("POST", "/v1/tickets/merge", "merge"),
    ("GET", "/v1/tickets/<key>", "ticket"),
    ("PATCH", "/v1/tickets/<key>", "update_ticket"),
    ("DELETE", "/v1/tickets/<key>", "delete_ticket"),
    ("POST", "/v1/tickets/<key>/restore", "restore"),
    ("PUT", "/v1/tickets/<key>/mute", "mute"),
    ("GET", "/v1/tickets/<key>/comments", "comments"),
    ("POST", "/v1/tickets/<key>/comments", "comment"),
    ("GET", "/v1/tickets/<key>/comments/<child>", "one_comment"),
    ("GET", "/v1/customers", "customers"),
    ("POST", "/v1/customers", "add_customer"),
    ("GET", "/v1/customers/<key>", "customer"),
    ("PATCH", "/v1/customers/<key>", "update_customer"),
    ("DELETE", "/v1/customers/<key>", "delete_customer"),
    ("GET", "/v1/articles", "articles"),
    ("POST", "/v1/articles", "write_article"),
    ("GET", "/v1/articles/<key>", "article"),
    ("GET", "/v1/webhooks", "webhooks"),
    ("POST", "/v1/webhooks", "add_webhook"),
    ("DELETE", "/v1/webhooks/<key>", "delete_webhook"),
    ("POST", "/v1/exports", "export"),
    ("GET", "/v1/exports/<key>", "export_state"),
    ("GET", "/v1/exports/<key>/download", "download"),
    ("GET", "/openapi.json", "openapi"),
]
OPEN = ("login", "status", "openapi")


class Refused(Exception):  # noqa: N818
    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


class Desk:
    """One build of the service; `flaw` names the one that it has, if any."""

    def __init__(self, flaw: str = "") -> None:
        self.flaw = flaw
        self.lock = threading.RLock()
        self.numbers = count(1001)
        self.rows: dict[str, dict[str, Row]] = {
            kind: {}
            for kind in ("tickets", "comments", "customers", "articles", "webhooks", "exports")
        }
        self.sessions = {token: email for email, (_, _, _, token) in USERS.items()}
        self.roles = {email: user[1] for email, user in USERS.items()}
        self.names = {email: email.split("@")[0].title() for email in USERS}
        self.settings = {
            name: {"name": name.title(), "signature": ""} for name in ("north", "south")
        }
        self.muted: set[tuple[str, str]] = set()
        self.urls = Map(
            [Rule(path, endpoint=name, methods=[method]) for method, path, name in ROUTES]
        )
        for organization in ("north", "south"):
            who = self.add("customers", organization, {"name": f"First of {organization}"})
            self.add(
                "tickets",
                organization,
                {"subject": "Welcome", "body": "", "status": "open"},
                customer=who["id"],
            )

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        try:
            endpoint, values = self.urls.bind_to_environ(environ).match()
            with self.lock:
                status, body = self.run(request, endpoint, values)
        except Refused as refusal:
            status, body = refusal.status, errors(refusal.status, refusal.detail)
        except NotFound:
            status, body = 404, errors(404, "no such resource")
        except HTTPException as problem:
            status = problem.code or 500
            body = errors(status, problem.name)
        text = body if isinstance(body, str) else json.dumps(body)
        kind = "text/csv" if isinstance(body, str) else "application/vnd.api+json"
        response = Response(None if status == 204 else text, status, content_type=kind)
        return response(environ, start_response)

    def run(self, request: Request, endpoint: str, values: dict[str, str]) -> tuple[int, Any]:
        if endpoint not in OPEN:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            if token not in self.sessions:
                raise Refused(401, "sign in first")
            self.token, self.email = token, self.sessions[token]
            self.organization = USERS[self.email][0]
            if self.flaw == "header-organization" and endpoint == "tickets":
                self.organization = request.headers.get("X-Organization") or self.organization
        handler: Callable[..., tuple[int, Any]] = getattr(self, f"on_{endpoint}")
        return handler(request, **values)

    # -- storage

    def add(self, kind: str, organization: str, attributes: Row, **more: str) -> Row:
        row = {"id": str(next(self.numbers)), "organization": organization, "deleted": False}
        row |= {"attributes": attributes, **more}
        self.rows[kind][row["id"]] = row
        return row

    def mine(self, kind: str, key: str, flaw: str = "") -> Row:
        row = self.rows[kind].get(key)
        foreign = row and row["organization"] != self.organization
        if row is None or row["deleted"] or (foreign and not (flaw and self.flaw == flaw)):
            raise Refused(404, f"{kind} {key} not found")
        return row

    def all(self, kind: str, everyone: bool = False) -> list[Row]:
        rows = [row for row in self.rows[kind].values() if not row["deleted"]]
        return [row for row in rows if everyone or row["organization"] == self.organization]

    def needs_admin(self, flaw: str = "") -> None:
        if self.roles[self.email] != "admin" and not (flaw and self.flaw == flaw):
            raise Refused(403, "for admins of the organization")

    # -- sessions and the caller

    def on_login(self, request: Request) -> tuple[int, Any]:
        given = attributes(request)
        user = USERS.get(str(given.get("email")))
        if user is None or user[2] != given.get("password"):
            raise Refused(401, "wrong e-mail or password")
        token = "desk_" + secrets.token_hex(12)
        self.sessions[token] = str(given["email"])
        return 201, {"data": {"type": "sessions", "id": token[-6:], "attributes": {"token": token}}}

    def on_logout(self, _: Request) -> tuple[int, Any]:
        if self.flaw != "logout":
            del self.sessions[self.token]
        return 204, None

    def on_status(self, _: Request) -> tuple[int, Any]:
        return 200, {"meta": {"ticketsEver": len(self.rows["tickets"]), "status": "ok"}}

    def on_me(self, _: Request) -> tuple[int, Any]:
        attributes = {
            "email": self.email,
            "name": self.names[self.email],
            "role": self.roles[self.email],
            "organization": self.organization,
        }
        return 200, {"data": {"type": "users", "id": self.email, "attributes": attributes}}

    def on_update_me(self, request: Request) -> tuple[int, Any]:
        given = attributes(request)
        self.names[self.email] = str(given.get("name", self.names[self.email]))
        if self.flaw == "role-assigned" and given.get("role") in ("admin", "agent"):
            self.roles[self.email] = given["role"]
        return self.on_me(request)

    def on_organization(self, _: Request) -> tuple[int, Any]:
        return 200, {
            "data": {
                "type": "organizations",
                "id": self.organization,
                "attributes": self.settings[self.organization],
            }
        }

    def on_update_organization(self, request: Request) -> tuple[int, Any]:
        self.needs_admin("settings-role")
        given = attributes(request)
        self.settings[self.organization] |= {
            key: str(given[key]) for key in ("name", "signature") if key in given
        }
        return self.on_organization(request)

    # -- shared by design

    def on_categories(self, _: Request) -> tuple[int, Any]:
        return 200, {"data": [{"type": "categories", "id": name} for name in CATEGORIES]}

    def on_articles(self, _: Request) -> tuple[int, Any]:
        rows = self.rows["articles"].values()
        return 200, listed("articles", [row for row in rows if self.may_read(row)])

    def may_read(self, row: Row) -> bool:
        return bool(row["attributes"]["published"] or row["organization"] == self.organization)

    def on_article(self, _: Request, key: str) -> tuple[int, Any]:
        row = self.rows["articles"].get(key)
        if row is None or not self.may_read(row):
            raise Refused(404, f"articles {key} not found")
        return 200, {"data": shown("articles", row)}

    def on_write_article(self, request: Request) -> tuple[int, Any]:
        given = attributes(request, "title")
        text = {"title": str(given["title"]), "text": str(given.get("text", ""))}
        text["published"] = given.get("published") is True
        return 201, {"data": shown("articles", self.add("articles", self.organization, text))}

    # -- counts and search

    def on_stats(self, _: Request) -> tuple[int, Any]:
        rows = self.all("tickets", everyone=self.flaw == "stats")
        customers = self.all("customers")
        by_state = {
            state: sum(row["attributes"]["status"] == state for row in rows)
            for state in ("open", "pending", "closed")
        }
        return 200, {"data": {"tickets": by_state, "customers": len(customers)}}

    def on_search(self, request: Request) -> tuple[int, Any]:
        text = request.args.get("q", "")
        rows = self.all("tickets", everyone=self.flaw == "search")
        found = [
            row for row in rows if text and text.lower() in json.dumps(row["attributes"]).lower()
        ]
        return 200, {**listed("tickets", found[:50]), "meta": {"query": text, "hits": len(found)}}

    # -- tickets

    def on_tickets(self, request: Request) -> tuple[int, Any]:
        customer, status = request.args.get("filter[customer]"), request.args.get("filter[status]")
        rows = self.all("tickets", everyone=bool(customer) and self.flaw == "filter-list")
        rows = [row for row in rows if customer in (None, row["customer"])]
        rows = [row for row in rows if status in (None, row["attributes"]["status"])]
        return 200, paged(request, "tickets", rows)

    def on_open_ticket(self, request: Request) -> tuple[int, Any]:
        given = attributes(request, "subject")
        data = request.get_json(silent=True)["data"]
        customer = None
        if "relationships" in data:
            try:
                customer = str(data["relationships"]["customer"]["data"]["id"])
            except (KeyError, TypeError) as missing:
                raise Refused(422, "customer needs a resource identifier") from missing
            row = self.rows["customers"].get(customer)
            owner = row["organization"] if row and not row["deleted"] else None
            if owner is None or (owner != self.organization and self.flaw != "customer-reference"):
                raise Refused(422, f"customer {customer} is unknown")
        text = {key: str(given.get(key, "")) for key in ("subject", "body")}
        row = self.add(
            "tickets", self.organization, {**text, "status": "open"}, customer=customer or ""
        )
        return 201, {"data": shown("tickets", row)}

    def on_ticket(self, _: Request, key: str) -> tuple[int, Any]:
        if self.flaw == "ticket-exists":
            row = self.rows["tickets"].get(key)
            if row and not row["deleted"] and row["organization"] != self.organization:
                raise Refused(403, "belongs to another organization")
        return 200, {"data": shown("tickets", self.mine("tickets", key, "ticket-read"))}

    def on_update_ticket(self, request: Request, key: str) -> tuple[int, Any]:
        row = self.mine("tickets", key, "ticket-update")
        given = attributes(request)
        if given.get("status", "open") not in ("open", "pending", "closed"):
            raise Refused(422, "status is one of open, pending, closed")
        row["attributes"] |= {
            field: str(given[field]) for field in ("subject", "body", "status") if field in given
        }
        return 200, {"data": shown("tickets", row)}

    def on_delete_ticket(self, _: Request, key: str) -> tuple[int, Any]:
        row = self.rows["tickets"].get(key)
        if row and row["organization"] == self.organization:
            row["deleted"] = True
        return 204, None

    def on_trash(self, _: Request) -> tuple[int, Any]:
        rows = [row for row in self.rows["tickets"].values() if row["deleted"]]
        if self.flaw != "trash-list":
            rows = [row for row in rows if row["organization"] == self.organization]
        return 200, listed("tickets", rows)

    def on_restore(self, _: Request, key: str) -> tuple[int, Any]:
        row = self.rows["tickets"].get(key)
        foreign = row and row["organization"] != self.organization
        if row is None or not row["deleted"] or (foreign and self.flaw != "ticket-restore"):
            raise Refused(404, f"tickets {key} not in the trash")
        row["deleted"] = False
        return 200, {"data": shown("tickets", row)}

    def on_mute(self, _: Request, key: str) -> tuple[int, Any]:
        self.muted.add((self.email, key))
        return 204, None

    def on_merge(self, request: Request) -> tuple[int, Any]:
        given = attributes(request, "sourceId", "targetId")
        target = self.mine("tickets", str(given["targetId"]))
        source = self.mine("tickets", str(given["sourceId"]), "merge-source")
        if source is target:
            raise Refused(422, "a ticket cannot be merged with itself")
        target["attributes"]["body"] += "\n" + source["attributes"]["body"]
        source["attributes"]["status"] = "closed"
        return 200, {"data": shown("tickets", target)}

    # -- comments

    def on_comments(self, _: Request, key: str) -> tuple[int, Any]:
        ticket = self.mine("tickets", key, "comments-of-foreign")
        rows = [row for row in self.rows["comments"].values() if row["ticket"] == ticket["id"]]
        return 200, listed("comments", rows)

    def on_comment(self, request: Request, key: str) -> tuple[int, Any]:
        ticket = self.mine("tickets", key, "comment-create")
        given = attributes(request, "text")
        text = {"text": str(given["text"]), "author": self.email}
        row = self.add("comments", self.organization, text, ticket=ticket["id"])
        return 201, {"data": shown("comments", row)}

    def on_one_comment(self, _: Request, key: str, child: str) -> tuple[int, Any]:
        self.mine("tickets", key)
        row = self.rows["comments"].get(child)
        if row is None or (row["ticket"] != key and self.flaw != "comment-other-parent"):
            raise Refused(404, f"comments {child} not found")
        return 200, {"data": shown("comments", row)}

    # -- customers

    def on_customers(self, request: Request) -> tuple[int, Any]:
        page = paged(request, "customers", self.all("customers"))
        if self.flaw == "meta-total":
            page["meta"]["total"] = len(self.all("customers", everyone=True))
        return 200, page

    def on_add_customer(self, request: Request) -> tuple[int, Any]:
        given = attributes(request, "name")
        organization = self.organization
        if self.flaw == "organization-assigned":
            organization = str(given.get("organizationId") or organization)
        text = {key: str(given.get(key, "")) for key in ("name", "phone")}
        return 201, {"data": shown("customers", self.add("customers", organization, text))}

    def on_customer(self, _: Request, key: str) -> tuple[int, Any]:
        return 200, {"data": shown("customers", self.mine("customers", key, "customer-read"))}

    def on_update_customer(self, request: Request, key: str) -> tuple[int, Any]:
        row, given = self.mine("customers", key), attributes(request)
        row["attributes"] |= {
            field: str(given[field]) for field in ("name", "phone") if field in given
        }
        return 200, {"data": shown("customers", row)}

    def on_delete_customer(self, _: Request, key: str) -> tuple[int, Any]:
        self.mine("customers", key, "customer-delete")["deleted"] = True
        return 204, None

    # -- webhooks and exports

    def on_webhooks(self, _: Request) -> tuple[int, Any]:
        self.needs_admin()
        return 200, listed("webhooks", self.all("webhooks"))

    def on_add_webhook(self, request: Request) -> tuple[int, Any]:
        self.needs_admin("webhook-role")
        given = attributes(request, "url")
        if not str(given["url"]).startswith(("http://", "https://")):
            raise Refused(422, "url is not a URL")
        text = {"url": str(given["url"]), "note": str(given.get("note", ""))}
        return 201, {"data": shown("webhooks", self.add("webhooks", self.organization, text))}

    def on_delete_webhook(self, _: Request, key: str) -> tuple[int, Any]:
        self.needs_admin()
        self.mine("webhooks", key, "webhook-delete")["deleted"] = True
        return 204, None

    def on_export(self, _: Request) -> tuple[int, Any]:
        lines = [f"{row['id']},{row['attributes']['subject']}" for row in self.all("tickets")]
        text = {"status": "done", "rows": len(lines)}
        row = self.add(
            "exports", self.organization, text, content="id,subject\n" + "\n".join(lines)
        )
        return 202, {"data": shown("exports", row)}

    def on_export_state(self, _: Request, key: str) -> tuple[int, Any]:
        return 200, {"data": shown("exports", self.mine("exports", key))}

    def on_download(self, _: Request, key: str) -> tuple[int, Any]:
        return 200, str(self.mine("exports", key, "export-download")["content"])

    def on_openapi(self, _: Request) -> tuple[int, Any]:
        return 200, document("helpdesk")


def errors(status: int, detail: str) -> Row:
    return {"errors": [{"status": str(status), "detail": detail}]}


def attributes(request: Request, *needed: str) -> Row:
    body = request.get_json(silent=True, force=True)
    data = body.get("data") if isinstance(body, dict) else None
    given = data.get("attributes") if isinstance(data, dict) else None
    if not isinstance(given, dict) or any(not given.get(name) for name in needed):
        raise Refused(422, "data.attributes needs " + (", ".join(needed) or "an object"))
    return given


def shown(kind: str, row: Row) -> Row:
    data = {"type": kind, "id": row["id"], "attributes": row["attributes"]}
    if row.get("customer"):
        reference = {"type": "customers", "id": row["customer"]}
        data["relationships"] = {"customer": {"data": reference}}
    return data


def listed(kind: str, rows: list[Row]) -> Row:
    return {"data": [shown(kind, row) for row in rows]}


def paged(request: Request, kind: str, rows: list[Row]) -> Row:
    number = request.args.get("page[number]", 1, type=int)
    size = min(request.args.get("page[size]", 20, type=int), 100)
    if number < 1 or size < 1:
        raise Refused(422, "pages count from 1")
    part = rows[(number - 1) * size : number * size]
    return {**listed(kind, part), "meta": {"total": len(rows), "page": number}}
