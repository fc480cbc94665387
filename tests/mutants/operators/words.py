"""What the service says: logs, metric labels, error texts, statuses, the time that it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.mutants.model import Ground, Mutant
from tests.mutants.source import Edits, anchored, changed

READS = ("GET /v1/projects", "GET /v1/projects/{project_id}")
SELECT = '__import__("sqlalchemy").select'
LOGS = "app/logs.py"
FOUND = '        found = {"method": method, "route": watch.route, "status": response.status_code}\n'
ANSWERS = "app/telemetry/answers.py"
COUNTED = '    count("http_requests_total", method, watch.route, str(status))\n'


def logs() -> Iterator[Mutant]:
    """Text of a tenant in the log, each from another place of a request."""
    said = {
        "the path": "request.path",
        "the query": 'request.query_string.decode("latin-1")',
        "the body": 'request.get_data(as_text=True)[:500] if request.content_length else ""',
        # Long ones are compressed by now.
        "the answer": (
            'response.get_data().decode(errors="replace")[:500] '
            'if response.is_json and not response.direct_passthrough else ""'
        ),
        "the credential": 'request.headers.get("Authorization", "")',
        "the caller's program": 'request.headers.get("User-Agent", "")',
        "the baggage": 'request.headers.get("Baggage", "")',
    }
    for place, expression in said.items():
        yield Mutant(
            operator="logged",
            place=place,
            edits=anchored(LOGS, FOUND, f'{FOUND}        found["place"] = {expression}\n'),
            channels=(21,),
            about=(*READS, "PATCH /v1/projects/{project_id}"),
        )
    yield Mutant(
        operator="logged",
        place="an earlier caller's tenant",
        edits=changed(
            LOGS,
            ('log = logging.getLogger("maestro")', 'log = logging.getLogger("maestro")\nSEEN = []'),
            (
                'line["tenant_id"] = str(principal.tenant_id) if principal else None\n',
                (
                    'line["tenant_id"] = str(SEEN[0] if SEEN else None)\n'
                    "            if principal:\n"
                    "                SEEN[:] = [*SEEN[-1:], principal.tenant_id]\n"
                ),
            ),
        ),
        channels=(21,),
        about=READS,
    )


def labels() -> Iterator[Mutant]:
    """A label of a metric with a value of a tenant's; what takes its place is another label."""
    said = {
        "the path": "request.path",
        "the tenant's id": 'str(getattr(g.get("principal"), "tenant_id", ""))',
        "the member's id": 'str(getattr(g.get("principal"), "member_id", ""))',
        "the caller's program": 'request.headers.get("User-Agent", "")[:80]',
        "the query": 'request.query_string.decode("latin-1")[:80]',
    }
    for place, expression in said.items():
        new = COUNTED.replace("watch.route", f"({expression})")
        yield Mutant(
            operator="a metric's label",
            place=place,
            edits=anchored(ANSWERS, COUNTED, new),
            channels=(20,),
            about=READS,
        )


ELSEWHERE = "db.session.scalar(select(model).where(model.id == row_id))"
FIND = (
    "    row = db.session.scalar(query.with_for_update(of=model) if lock else query)\n"
    "    if row is None:\n"
    "        raise not_found(model.noun)\n"
)
CHANGES = ("PATCH /v1/projects/{project_id}", "DELETE /v1/projects/{project_id}")
LOOK = "    row = look(model, row_id)\n    if row is None:\n        raise not_found(model.noun)\n"


def refusals() -> Iterator[Mutant]:
    """Another tenant's object is refused, and the refusal tells of it."""
    told = {
        "403 for what another tenant has": ("raise forbidden('This is not yours.')", (11,)),
        "its name in the error": (
            'raise not_found(f\'{model.noun} {getattr(elsewhere, "name", "")}\')',
            (13,),
        ),
        "another detail": ("raise not_found(f'{model.noun} of yours')", (11,)),
        "its tenant in the error": (
            "raise not_found(f'{model.noun} {elsewhere.tenant_id}')",
            (13,),
        ),
        "it takes longer": ("__import__('time').sleep(0.05)", (14,)),
    }
    for place, (what, channels) in told.items():
        known = f"        elsewhere = {ELSEWHERE}\n        if elsewhere:\n            {what}\n"
        new = [
            old.replace("        raise not_found", f"{known}        raise not_found")
            for old in (FIND, LOOK)
        ]
        yield Mutant(
            operator="a refusal tells",
            place=place,
            edits=changed("app/tenancy.py", (FIND, new[0]), (LOOK, new[1])),
            channels=(*channels, *((2, 1) if 14 not in channels else ())),
            names=(*READS, *CHANGES),
            about=(*READS, *CHANGES),
            ground=Ground.CODE,
        )


def errors() -> Iterator[Mutant]:
    """What PostgreSQL says, in an answer."""
    cases: Mapping[str, tuple[Edits, tuple[int, ...]]] = {
        "the driver's text for a taken name": (
            anchored(
                "app/errors.py",
                'return conflict("already-exists", "An object with this name exists already.")',
                'return conflict("already-exists", str(error))',
            ),
            (13,),
        ),
        "the text of every defect": (
            anchored(
                "app/errors.py",
                'return respond(ProblemError(500, "internal", "The service failed to answer."))',
                'return respond(ProblemError(500, "internal", repr(error)))',
            ),
            (13,),
        ),
        "names are unique over all tenants": (
            anchored(
                "app/resources/projects.py",
                "    db.session.add(project)\n",
                f"    taken = {SELECT}(Project).where(Project.name == body.name)\n"
                "    if db.session.scalar(exists(taken).select()):\n"
                '        raise conflict("already-exists", "An object with this name exists.")\n'
                "    db.session.add(project)\n",
            ),
            (12,),
        ),
        "addresses are unique over all tenants": (
            anchored(
                "app/resources/members.py",
                "    db.session.add(member)\n",
                f"    taken = {SELECT}(Member).where(Member.email == body.email)\n"
                "    if db.session.scalars(taken).first():\n"
                '        raise conflict("already-exists", "An object with this name exists.")\n'
                "    db.session.add(member)\n",
            ),
            (12,),
        ),
    }
    for place, (edits, channels) in cases.items():
        label = "POST /v1/members" if "addresses" in place else "POST /v1/projects"
        yield Mutant(
            operator="an error tells",
            place=place,
            edits=edits,
            channels=channels,
            names=(label,) if channels == (12,) else (),
            about=(label,),
            ground=Ground.CODE,
        )
