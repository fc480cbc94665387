"""Clinic: patients own their records and share them, on Flask, with ETags, links and jobs."""

from __future__ import annotations

import hashlib
import secrets
import threading
from typing import Any
from uuid import uuid4

from flask import Flask, abort, g, jsonify, request
from flask.typing import ResponseReturnValue

from tests.targets.heldout import Planted, document

Row = dict[str, Any]
FLAWS = {
    "record-read": Planted("read", "GET /records/{record_id}"),
    "appointment-read": Planted("read", "GET /appointments/{appointment_id}"),
    "record-replace": Planted("write", "PUT /records/{record_id}"),
    "appointment-cancel": Planted("write", "POST /appointments/{appointment_id}/cancel"),
    "refill": Planted("write", "POST /prescriptions/{prescription_id}/refills"),
    "record-delete": Planted("delete", "DELETE /records/{record_id}"),
    "share-delete": Planted("delete", "DELETE /records/{record_id}/shares/{share_id}"),
    "appointments-list": Planted("list", "GET /appointments"),
    "owner-filter": Planted("list", "GET /prescriptions"),
    "search": Planted("search", "GET /search"),
    "dashboard": Planted("count", "GET /dashboard"),
    "attachments-of-foreign": Planted("nested", "GET /records/{record_id}/attachments"),
    "attachment-other-parent": Planted(
        "nested", "GET /records/{record_id}/attachments/{attachment_id}"
    ),
    "attach-to-foreign": Planted("nested", "POST /records/{record_id}/attachments"),
    "prescription-record": Planted("reference", "POST /prescriptions"),
    "owner-assigned": Planted("mass assignment", "POST /records"),
    "owner-patched": Planted("mass assignment", "PATCH /appointments/{appointment_id}"),
    "carer-deletes": Planted("function", "DELETE /records/{record_id}"),
    "carer-adds-carer": Planted("function", "POST /carers"),
    "header-user": Planted("header", "GET /me"),
    "record-exists": Planted("existence", "GET /records/{record_id}"),
    "etag-exists": Planted("existence", "PUT /records/{record_id}"),
    "job-by-id": Planted("job", "GET /exports/{export_id}"),
    "link-foreign": Planted("link", "POST /records/{record_id}/link"),
    "logout": Planted("revoked", "POST /logout"),
}
TRAPS = {
    "doctors": "GET /doctors and GET /doctors/{doctor_id}: public by design",
    "slots": "GET /doctors/{doctor_id}/busy: times taken by anyone, without names",
    "favourite": "PUT /doctors/{doctor_id}/favourite: 204, kept per caller",
    "shared-record": "a record is readable by whom its owner invited, once accepted",
    "link": "GET /links/{token}: whoever has the link may read, by design",
    "carer": "a carer reads and writes what belongs to the patient who added them",
    "ignored-owner": "POST /records: user_id is accepted and ignored",
    "put-creates-nothing": "PUT of an unknown record is 404 whatever If-Match says",
    "same-404": "unknown and foreign ids answer alike, with the id repeated",
    "taken": "POST /register: 409 for a name that is taken",
    "slot-conflict": "POST /appointments: 409 when anyone has the doctor at that time",
}
TOKENS = {
    "cl-alice-0d3f": ("alice", "patient"),
    "cl-amy-4411": ("alice", "carer"),
    "cl-bruno-9a2e": ("bruno", "patient"),
    "cl-ben-71c0": ("bruno", "carer"),
}
DOCTORS = {
    "d-1": {"doctor_id": "d-1", "name": "Dr. Holm", "speciality": "cardiology"},
    "d-2": {"doctor_id": "d-2", "name": "Dr. Vik", "speciality": "dermatology"},
}


class Clinic:
    """The state of one build; `flaw` names the flaw that it has, if any."""

    def __init__(self, flaw: str = "") -> None:
        self.flaw = flaw
        self.lock = threading.RLock()
        self.tokens = dict(TOKENS)
        self.passwords = {"alice": "alice-pass", "bruno": "bruno-pass"}
        self.profiles: dict[str, Row] = {
            name: {"user_name": name, "full_name": name.title(), "phone": ""}
            for name in ("alice", "bruno")
        }
        self.favourites: set[tuple[str, str]] = set()
        self.rows: dict[str, dict[str, Row]] = {
            kind: {}
            for kind in (
                "record", "attachment", "share", "appointment", "prescription", "carer", "export",
                "link",
            )
        }  # fmt: skip

    def has(self, flaw: str) -> bool:
        return self.flaw == flaw

    def add(self, kind: str, user: str, **fields: Any) -> Row:
        row = {f"{kind}_id": str(uuid4()), "user": user, **fields}
        self.rows[kind][row[f"{kind}_id"]] = row
        return row

    def own(self, kind: str, key: str, flaw: str = "") -> Row:
        row = self.rows[kind].get(key)
        if row is None or (row["user"] != g.user and not (flaw and self.has(flaw))):
            abort(404, f"there is no {kind} {key}")
        return row

    def all(self, kind: str, everyone: bool = False) -> list[Row]:
        return [row for row in self.rows[kind].values() if everyone or row["user"] == g.user]

    def readable(self, record: Row) -> bool:
        shares = self.rows["share"].values()
        return record["user"] == g.user or any(
            share["record_id"] == record["record_id"] and share["accepted_by"] == g.user
            for share in shares
        )


def shown(row: Row) -> Row:
    return {key: value for key, value in row.items() if key != "user"}


def given(*needed: str) -> Row:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        abort(400, "the body must be a JSON object")
    for name in needed:
        if not isinstance(body.get(name), str) or not body[name]:
            abort(400, f"{name} is needed")
    return body


def etag(row: Row) -> str:
    return '"' + hashlib.sha256(repr(sorted(row.items())).encode()).hexdigest()[:16] + '"'


def clinic(flaw: str = "") -> Flask:
    app, state = Flask("clinic"), Clinic(flaw)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    accounts(app, state)
    directory(app, state)
    records(app, state)
    belongings(app, state)
    appointments(app, state)
    jobs(app, state)

    @app.before_request
    def enter() -> None:
        state.lock.acquire()
        g.locked = True
        g.user, g.role = "", ""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token in state.tokens:
            g.token, (g.user, g.role) = token, state.tokens[token]
            if state.has("header-user") and request.path == "/me":
                g.user = request.headers.get("X-User-Id") or g.user
        elif request.endpoint not in OPEN and request.url_rule is not None:
            abort(401, "sign in first")

    @app.teardown_request
    def leave(_: BaseException | None) -> None:
        if g.pop("locked", False):
            state.lock.release()

    def problem(error: Any) -> ResponseReturnValue:
        return jsonify(title=error.name, detail=error.description), error.code

    for code in (400, 401, 403, 404, 405, 409, 412, 415, 428):
        app.register_error_handler(code, problem)
    return app


OPEN = ("register", "login", "doctors", "doctor", "busy", "follow", "openapi")


def accounts(app: Flask, state: Clinic) -> None:  # noqa: C901
    @app.post("/register")
    def register() -> ResponseReturnValue:
        body = given("user_name", "password")
        name = body["user_name"]
        if name in state.profiles:
            abort(409, "this name is taken")
        state.passwords[name] = body["password"]
        state.profiles[name] = {"user_name": name, "full_name": name, "phone": ""}
        return jsonify(state.profiles[name]), 201

    @app.post("/login")
    def login() -> ResponseReturnValue:
        body = given("user_name", "password")
        if state.passwords.get(body["user_name"]) != body["password"]:
            abort(401, "wrong name or password")
        token = "cl-" + secrets.token_hex(12)
        state.tokens[token] = (body["user_name"], "patient")
        return jsonify(access_token=token, token_type="bearer")

    @app.post("/logout")
    def logout() -> ResponseReturnValue:
        if not state.has("logout"):
            del state.tokens[g.token]
        return "", 204

    @app.get("/me")
    def me() -> ResponseReturnValue:
        return jsonify(state.profiles.get(g.user) or {})

    @app.patch("/me")
    def update_me() -> ResponseReturnValue:
        body = given()
        state.profiles[g.user] |= {
            key: str(body[key]) for key in ("full_name", "phone") if key in body
        }
        return jsonify(state.profiles[g.user])

    @app.get("/carers")
    def carers() -> ResponseReturnValue:
        return jsonify([shown(row) for row in state.all("carer")])

    @app.post("/carers")
    def add_carer() -> ResponseReturnValue:
        if g.role != "patient" and not state.has("carer-adds-carer"):
            abort(403, "for the patient alone")
        return jsonify(shown(state.add("carer", g.user, email=given("email")["email"]))), 201

    @app.delete("/carers/<key>")
    def remove_carer(key: str) -> ResponseReturnValue:
        if g.role != "patient":
            abort(403, "for the patient alone")
        state.own("carer", key)
        del state.rows["carer"][key]
        return "", 204

    @app.get("/openapi.json")
    def openapi() -> ResponseReturnValue:
        return jsonify(document("clinic"))


def directory(app: Flask, state: Clinic) -> None:
    @app.get("/doctors")
    def doctors() -> ResponseReturnValue:
        return jsonify(list(DOCTORS.values()))

    @app.get("/doctors/<key>")
    def doctor(key: str) -> ResponseReturnValue:
        return jsonify(DOCTORS[key]) if key in DOCTORS else abort(404, f"there is no doctor {key}")

    @app.get("/doctors/<key>/busy")
    def busy(key: str) -> ResponseReturnValue:
        rows = state.rows["appointment"].values()
        taken = [row for row in rows if row["doctor_id"] == key and row["state"] == "booked"]
        return jsonify(busy=sorted(row["starts_at"] for row in taken))

    @app.put("/doctors/<key>/favourite")
    def favourite(key: str) -> ResponseReturnValue:
        state.favourites.add((g.user, key))
        return "", 204


def records(app: Flask, state: Clinic) -> None:  # noqa: C901
    def answer(row: Row, status: int = 200) -> ResponseReturnValue:
        return jsonify(shown(row)), status, {"ETag": etag(row)}

    @app.get("/records")
    def list_records() -> ResponseReturnValue:
        page, size = request.args.get("page", 1, int), request.args.get("per_page", 25, int)
        if page < 1 or not 0 < size <= 100:
            abort(400, "page counts from 1, per_page is up to 100")
        rows = state.all("record")
        part = rows[(page - 1) * size : page * size]
        return jsonify(items=[shown(row) for row in part], page=page, total=len(rows))

    @app.post("/records")
    def create_record() -> ResponseReturnValue:
        body, owner = given("title"), g.user
        if state.has("owner-assigned") and body.get("user_id") in state.profiles:
            owner = body["user_id"]
        return answer(
            state.add("record", owner, title=body["title"], text=str(body.get("text", ""))), 201
        )

    @app.get("/records/<key>")
    def get_record(key: str) -> ResponseReturnValue:
        row = state.rows["record"].get(key)
        if row is not None and state.has("record-exists") and not state.readable(row):
            abort(403, "this record is not shared with you")
        if row is None or not (state.readable(row) or state.has("record-read")):
            abort(404, f"there is no record {key}")
        if request.headers.get("If-None-Match") == etag(row):
            return "", 304, {"ETag": etag(row)}
        return answer(row)

    @app.put("/records/<key>")
    def replace_record(key: str) -> ResponseReturnValue:
        asked, found = request.headers.get("If-Match"), state.rows["record"].get(key)
        if state.has("etag-exists") and found and asked and asked != etag(found):
            abort(412, "the record has changed")
        row = state.own("record", key, "record-replace")
        if not asked:
            abort(428, "If-Match is needed")
        if asked not in (etag(row), "*"):
            abort(412, "the record has changed")
        body = given("title")
        row |= {"title": body["title"], "text": str(body.get("text", ""))}
        return answer(row)

    @app.delete("/records/<key>")
    def delete_record(key: str) -> ResponseReturnValue:
        state.own("record", key, "record-delete")
        if g.role == "carer" and not state.has("carer-deletes"):
            abort(403, "for the patient alone")
        del state.rows["record"][key]
        return "", 204

    @app.post("/records/<key>/link")
    def make_link(key: str) -> ResponseReturnValue:
        row = state.own("record", key, "link-foreign")
        token = secrets.token_urlsafe(16)
        state.rows["link"][token] = {"record_id": row["record_id"], "user": row["user"]}
        return jsonify(link_token=token), 201

    @app.get("/links/<token>")
    def follow(token: str) -> ResponseReturnValue:
        link = state.rows["link"].get(token)
        row = state.rows["record"].get(link["record_id"]) if link else None
        if row is None:
            abort(404, "the link leads nowhere")
        return jsonify(title=row["title"], text=row["text"])


def belongings(app: Flask, state: Clinic) -> None:  # noqa: C901
    """What hangs on a record: shares and attachments."""

    @app.get("/records/<key>/shares")
    def list_shares(key: str) -> ResponseReturnValue:
        state.own("record", key)
        return jsonify([shown(row) for row in state.all("share") if row["record_id"] == key])

    @app.post("/records/<key>/shares")
    def share(key: str) -> ResponseReturnValue:
        state.own("record", key)
        fields = {"record_id": key, "code": secrets.token_hex(8), "accepted_by": None}
        return jsonify(
            shown(state.add("share", g.user, email=given("email")["email"], **fields))
        ), 201

    @app.delete("/records/<key>/shares/<child>")
    def unshare(key: str, child: str) -> ResponseReturnValue:
        row = state.own("share", child, "share-delete")
        if row["record_id"] != key:
            abort(404, f"there is no share {child}")
        del state.rows["share"][child]
        return "", 204

    @app.post("/shares/accept")
    def accept() -> ResponseReturnValue:
        code = given("code")["code"]
        for row in state.rows["share"].values():
            if row["code"] == code:
                row["accepted_by"] = g.user
                return jsonify(record_id=row["record_id"])
        return abort(404, "the code is unknown")

    @app.get("/shared-with-me")
    def shared() -> ResponseReturnValue:
        shares = [row for row in state.rows["share"].values() if row["accepted_by"] == g.user]
        found = [state.rows["record"].get(row["record_id"]) for row in shares]
        return jsonify([shown(row) for row in found if row])

    @app.get("/records/<key>/attachments")
    def list_attachments(key: str) -> ResponseReturnValue:
        state.own("record", key, "attachments-of-foreign")
        rows = state.rows["attachment"].values()
        return jsonify([shown(row) for row in rows if row["record_id"] == key])

    @app.post("/records/<key>/attachments")
    def attach(key: str) -> ResponseReturnValue:
        record, body = state.own("record", key, "attach-to-foreign"), given("file_name")
        row = state.add(
            "attachment", record["user"], record_id=key, file_name=body["file_name"],
            content=str(body.get("content", "")),
        )  # fmt: skip
        return jsonify(shown(row)), 201

    @app.get("/records/<key>/attachments/<child>")
    def get_attachment(key: str, child: str) -> ResponseReturnValue:
        state.own("record", key)
        row = state.rows["attachment"].get(child)
        if row is None or (row["record_id"] != key and not state.has("attachment-other-parent")):
            abort(404, f"there is no attachment {child}")
        return jsonify(shown(row))


def appointments(app: Flask, state: Clinic) -> None:  # noqa: C901
    @app.get("/appointments")
    def list_appointments() -> ResponseReturnValue:
        rows = state.all("appointment", everyone=state.has("appointments-list"))
        return jsonify([shown(row) for row in rows])

    @app.post("/appointments")
    def book() -> ResponseReturnValue:
        body = given("doctor_id", "starts_at")
        if body["doctor_id"] not in DOCTORS:
            abort(404, f"there is no doctor {body['doctor_id']}")
        wanted = (body["doctor_id"], body["starts_at"])
        for row in state.rows["appointment"].values():
            if (row["doctor_id"], row["starts_at"]) == wanted and row["state"] == "booked":
                abort(409, "the doctor is busy then")
        fields = {"doctor_id": wanted[0], "starts_at": wanted[1], "state": "booked"}
        row = state.add("appointment", g.user, reason=str(body.get("reason", "")), **fields)
        return jsonify(shown(row)), 201

    @app.get("/appointments/<key>")
    def get_appointment(key: str) -> ResponseReturnValue:
        return jsonify(shown(state.own("appointment", key, "appointment-read")))

    @app.patch("/appointments/<key>")
    def update_appointment(key: str) -> ResponseReturnValue:
        row, body = state.own("appointment", key), given()
        row["reason"] = str(body.get("reason", row["reason"]))
        if state.has("owner-patched") and body.get("user_id") in state.profiles:
            row["user"] = body["user_id"]
        return jsonify(shown(row))

    @app.post("/appointments/<key>/cancel")
    def cancel(key: str) -> ResponseReturnValue:
        state.own("appointment", key, "appointment-cancel")["state"] = "cancelled"
        return "", 204

    @app.get("/prescriptions")
    def list_prescriptions() -> ResponseReturnValue:
        owner = request.args.get("user_id", g.user)
        if not state.has("owner-filter"):
            owner = g.user
        rows = state.rows["prescription"].values()
        return jsonify(prescriptions=[shown(row) for row in rows if row["user"] == owner])

    @app.post("/prescriptions")
    def prescribe() -> ResponseReturnValue:
        body = given("record_id", "medicine")
        record = state.own("record", body["record_id"], "prescription-record")
        fields = {"record_id": record["record_id"], "medicine": body["medicine"], "refills": 0}
        row = state.add("prescription", g.user, **fields)
        return jsonify({**shown(row), "record_title": record["title"]}), 201

    @app.get("/prescriptions/<key>")
    def get_prescription(key: str) -> ResponseReturnValue:
        return jsonify(shown(state.own("prescription", key)))

    @app.post("/prescriptions/<key>/refills")
    def refill(key: str) -> ResponseReturnValue:
        state.own("prescription", key, "refill")["refills"] += 1
        return jsonify(status="accepted"), 202


def jobs(app: Flask, state: Clinic) -> None:
    @app.get("/dashboard")
    def dashboard() -> ResponseReturnValue:
        everyone = state.has("dashboard")
        return jsonify(
            records=len(state.all("record", everyone)),
            appointments=len(state.all("appointment")),
            prescriptions=len(state.all("prescription")),
        )

    @app.get("/search")
    def search() -> ResponseReturnValue:
        words = request.args.get("q", "")
        rows = state.all("record", everyone=state.has("search"))
        found = [row for row in rows if words and words in row["title"] + row["text"]]
        return jsonify(
            results=[{"record_id": row["record_id"], "title": row["title"]} for row in found]
        )

    @app.post("/exports")
    def export() -> ResponseReturnValue:
        titles = [row["title"] for row in state.all("record")]
        row = state.add("export", g.user, state="running", titles=titles, polls=0)
        return jsonify(export_id=row["export_id"], state="running"), 202

    @app.get("/exports/<key>")
    def export_state(key: str) -> ResponseReturnValue:
        row = state.own("export", key, "job-by-id")
        row["polls"] += 1
        if row["polls"] < 2:
            return jsonify(export_id=key, state="running")
        return jsonify(export_id=key, state="done", titles=row["titles"])
