"""The job that the ending of many leaves behind is found, and nothing that is needed is ended."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from gate.model import Json
from tests.validators.scripted import owner
from validators.document.operations import Operation
from validators.estates.estate import Estate
from validators.estates.left_behind import learn_left
from validators.messages.calls import Call

SIGNED_IN = (frozenset({"bearer"}),)
MAKE = Operation(method="POST", path="/notes", schemes=SIGNED_IN)
READ = Operation(method="GET", path="/notes/{noteId}", schemes=SIGNED_IN)
JOB = Operation(method="GET", path="/jobs/{jobId}", schemes=SIGNED_IN)
REPORT = Operation(method="GET", path="/reports/{reportId}", schemes=SIGNED_IN)
ONE: Json = {"type": "string"}
MANY: Json = {"type": "array", "items": ONE}


def ending(**fields: Json) -> Operation:
    """Ends the notes that its body names."""
    body: dict[str, Json] = {"type": "object", "properties": fields, "required": [*fields]}
    return Operation(
        method="POST",
        path="/notes/bulk_delete",
        body=body,
        media="application/json",
        schemes=SIGNED_IN,
    )


def noting(serial: count[int], ended: list[str]) -> Estate:
    """A service of notes that ends many in the background, and an estate with one note."""

    def say(_: str, path: str, body: Any) -> tuple[int, Json]:
        if path == "/notes":
            return 201, {"id": f"note-{next(serial)}"}
        if path == "/notes/bulk_delete":
            ended.extend(body.get("noteIds", ["all"]))
            return 202, {"id": "job-1", "status": "queued"}
        return (200, {"id": "job-1", "done": 1}) if path == "/jobs/job-1" else (404, {})

    estate = owner(say)
    call = Call(operation=MAKE)
    estate.note(call, estate.send(call), made=True)
    return estate


def test_what_the_ending_of_many_leaves_is_known_by_the_read_that_shows_it() -> None:
    ended: list[str] = []
    estate = noting(count(1), ended)
    learn_left(estate, (MAKE, READ, REPORT, JOB, ending(noteIds=MANY)))
    assert ended == ["note-2"], "another one than the known one"
    assert {(each.resource, each.id) for each in estate.ledger.things} == {
        ("note", "note-1"),
        ("job", "job-1"),
    }


@pytest.mark.parametrize(
    "operations",
    [
        (MAKE, READ, ending(noteIds=MANY)),
        (MAKE, READ, JOB, ending(before=ONE)),
        (MAKE, READ, JOB, ending(noteIds=MANY, reason=ONE)),
        (MAKE, READ, JOB, ending()),
    ],
    ids=["nothing asks for it", "no object is named", "more is said", "nothing is said"],
)
def test_nothing_is_ended_but_what_was_made_for_it(operations: tuple[Operation, ...]) -> None:
    ended: list[str] = []
    estate = noting(count(1), ended)
    learn_left(estate, operations)
    assert not ended
    assert [each.id for each in estate.ledger.things] == ["note-1"]
