"""What stands behind an answer: budgets, files, exports, webhooks, the audit log, removals."""

from __future__ import annotations

from collections.abc import Iterator

from tests.mutants.model import Ground, Mutant
from tests.mutants.source import Edits, anchored, changed

BUCKET = "return str(principal.tenant_id), TIERS[principal.plan]"
LIMITS = "app/limits.py"
REQUEST = '__import__("flask").request'


def budgets() -> Iterator[Mutant]:
    """Whose requests are counted together, and by what a caller may choose."""
    buckets = {
        "one for each plan": "principal.plan",
        "one for all": '"everybody"',
        "a tenant named in a header": (
            'request.headers.get("X-Tenant-Id", str(principal.tenant_id))'
        ),
        "one for each address that the caller names": (
            'str(principal.tenant_id) + request.headers.get("X-Forwarded-For", "")'
        ),
        "one for each program of the caller's": (
            'str(principal.tenant_id) + request.headers.get("User-Agent", "")'
        ),
        "the tenant's id, cut short": "str(principal.tenant_id)[:4]",
    }
    for place, bucket in buckets.items():
        new = BUCKET.replace("str(principal.tenant_id)", bucket, 1)
        yield Mutant(
            operator="a bucket of requests",
            place=place,
            edits=anchored(LIMITS, BUCKET, new),
            channels=(22,),
            about=("GET /v1/me",),
        )
    yield Mutant(
        operator="a bucket of requests",
        place="strict operations, one for all",
        edits=anchored(LIMITS, 'return f"{bucket}:{_operation()}"', "return _operation()"),
        channels=(22,),
        about=("POST /v1/api-keys",),
    )


def neighbours() -> Iterator[Mutant]:
    """One tenant's work is another's wait."""
    place = "place = f\"{tenant_id} {path.partition('}')[0]} {first}\""
    yield Mutant(
        operator="neighbours wait for each other",
        place="one lock for all writers",
        edits=anchored("app/database.py", place, 'place = "all"'),
        channels=(23,),
        about=("PATCH /v1/projects/{project_id}",),
    )
    yield Mutant(
        operator="neighbours wait for each other",
        place="one task at a time for all tenants",
        edits=anchored(
            "app/work/tasks.py",
            "same = (busy.tenant_id == Task.tenant_id) & (busy.kind == Task.kind)",
            "same = busy.kind == Task.kind",
        ),
        channels=(23, 17),
        about=("POST /v1/exports",),
    )


FOLDER = "app/artifacts/folder.py"
EXPORT = ("POST /v1/exports", "GET /v1/jobs/{job_id}/result")
HOOKS = ("POST /v1/webhooks", "GET /v1/webhooks/{webhook_id}/deliveries")
ARTIFACTS = ("GET /v1/artifacts/{artifact_id}/content",)
UPLOADS = ("POST /v1/uploads", "POST /v1/uploads/{upload_id}:complete")


def stores() -> Iterator[Mutant]:
    """Files, results and messages."""
    # The check of handoffs speaks of the webhook; that of leftovers, of the folder.
    spoken = {HOOKS: ("webhook",), ARTIFACTS: ("folder",), UPLOADS: ("folder",)}
    cases: dict[str, tuple[Edits, tuple[int, ...], tuple[str, ...]]] = {
        "files without the tenant in their path": (
            changed(
                FOLDER,
                (
                    'self.root / str(key.tenant_id) / "objects" / str(key.object_id)',
                    'self.root / "objects" / str(key.object_id)',
                ),
            ),
            (18, 33),
            ARTIFACTS,
        ),
        "parts of uploads without the tenant in their path": (
            changed(
                FOLDER,
                (
                    'self.root / str(key.tenant_id) / "uploads" / str(key.object_id)',
                    'self.root / "uploads" / str(key.object_id)',
                ),
            ),
            (18, 33),
            UPLOADS,
        ),
        "objects without the tenant in their name": (
            anchored(
                "app/artifacts/store.py",
                'return f"{self.tenant_id}/{self.object_id}"',
                'return f"{self.object_id}"',
            ),
            (18,),
            ARTIFACTS,
        ),
        "a file is found by its digest, whoever has it": (
            anchored(
                "app/resources/artifacts.py",
                "    key = Key(principal().tenant_id, artifact_id)\n",
                "    one = select(Artifact).where(Artifact.sha256 == found['sha256'])\n"
                "    first = db.session.scalars(one.order_by(Artifact.id)).first()\n"
                "    key = Key(first.tenant_id, first.id)\n",
            ),
            (18,),
            ARTIFACTS,
        ),
        "an export of one project has all projects": (
            anchored(
                "app/work/exports.py",
                "        query = query.where(inside(table, tenant_id, UUID(project)))\n",
                "        pass\n",
            ),
            (17,),
            EXPORT,
        ),
        "every webhook is signed with one secret": (
            anchored(
                "app/resources/webhooks.py",
                "Signer.of(current().config.webhook_secret, tenant_id, webhook.id)",
                "Signer.of(current().config.webhook_secret, webhook.id, webhook.id)",
            ),
            (17,),
            HOOKS,
        ),
        "every tenant's webhooks hear of it": (
            changed(
                "app/events.py",
                ("        Webhook.tenant_id == tenant_id,\n", ""),
                ("select(Webhook.id)", "select(Webhook.id, Webhook.tenant_id)"),
                (
                    (
                        "    webhooks = db.session.scalars(query).all()\n"
                        "    if webhooks:\n"
                        "        _queue(tenant_id, webhooks, event.name, "
                        "_payload(event, arguments, result))\n"
                    ),
                    (
                        "    for webhook, owner in db.session.execute(query).all():\n"
                        "        told = _payload(event, arguments, result)\n"
                        "        _queue(owner, [webhook], event.name, told)\n"
                    ),
                ),
            ),
            (17,),
            HOOKS,
        ),
    }
    for place, (edits, channels, about) in cases.items():
        yield Mutant(
            operator="a store is shared",
            place=place,
            edits=edits,
            channels=channels,
            names=(*about, *spoken.get(about, ())),
            about=about,
            ground=Ground.CODE,
        )


def removals() -> Iterator[Mutant]:
    """What is left of a tenant that was deleted."""
    path = "app/work/removal.py"
    elsewhere = "(forget_redis_keys, forget_objects)"
    cases: dict[str, tuple[Edits, tuple[int, ...]]] = {
        "its keys in Redis": (anchored(path, elsewhere, "(forget_objects,)"), (33,)),
        "its files": (anchored(path, elsewhere, "(forget_redis_keys,)"), (33,)),
        "its runs' tags": (
            anchored(
                path,
                "        if table.name in KEPT or",
                '        if table.name == "run_tags" or table.name in KEPT or',
            ),
            (33,),
        ),
        "its members, who can still sign in": (
            anchored(
                "app/resources/tenants.py",
                "    db.session.execute(delete(Member).where(Member.tenant_id == tenant.id))\n",
                "",
            ),
            (33, 32),
        ),
    }
    for place, (edits, channels) in cases.items():
        yield Mutant(
            operator="a deleted tenant leaves something",
            place=place,
            edits=edits,
            channels=channels,
            about=("DELETE /v1/tenants/{tenant_id}", "POST /v1/projects"),
        )


def audits() -> Iterator[Mutant]:
    """Who reads of whom in the audit log."""
    cases: dict[str, tuple[Edits, tuple[int, ...]]] = {
        # The references of an event hold the tenant together with its member and key.
        "events are written to the tenant that a header names": (
            changed(
                "app/audit_log.py",
                (
                    "    seq, prev_hash = _lock_end(tenant_id)\n",
                    (
                        "    said = request.headers.get('X-Tenant-Id', '')\n"
                        "    said = said if len(said) == 36 else ''\n"
                        "    tenant_id = UUID(said) if said else tenant_id\n"
                        "    seq, prev_hash = _lock_end(tenant_id)\n"
                    ),
                ),
                ('None if g.get("operator") else', 'None if said or g.get("operator") else'),
            ),
            (19, 32),
        ),
        "the log has the query with all it says": (
            anchored("app/audit_log.py", "path=request.path,", "path=request.full_path,"),
            (19, 21),
        ),
        "changes leave no event": (
            anchored("app/conduct.py", "if declared.changes and declared.audited:", "if False:"),
            (19,),
        ),
    }
    for place, (edits, channels) in cases.items():
        yield Mutant(
            operator="the audit log",
            place=place,
            edits=edits,
            channels=channels,
            names=("POST /v1/projects",) if 32 in channels else (),
            about=("GET /v1/audit-events", "PATCH /v1/projects/{project_id}"),
            ground=Ground.CODE,
        )


def routes() -> Iterator[Mutant]:
    """Ways in that no document has."""
    line = 'bp = APIBlueprint("system", __name__, tag="System")\n'
    told = {
        "everybody's projects": (
            "from app.models import Project\n\n\n"
            '@bp.route("/internal/projects")\n@bp.doc(hide=True)\n'
            "def list_internal() -> Any:\n"
            "    return [str(each.id) for each in db.session.query(Project)]\n"
        ),
        "the environment": (
            '\n\n@bp.route("/debug/environment")\n@bp.doc(hide=True)\n'
            "def show_environment() -> Any:\n"
            '    return sorted(__import__("os").environ)\n'
        ),
        "an error console": (
            '\n\n@bp.route("/v1/projects:export")\n@bp.doc(hide=True)\n'
            "def export_all() -> Any:\n"
            '    return {"items": []}\n'
        ),
    }
    for place, more in told.items():
        edits = changed(
            "app/guard.py",
            (
                '    if declared is None:\n        raise not_found("page")\n    return declared\n',
                "    return declared\n",
            ),
        )
        yield Mutant(
            operator="a route that no document has",
            place=place,
            edits=edits | anchored("app/resources/system.py", line, line + more),
            channels=(35,),
            ground=Ground.CODE,
        )
