"""When does one operation open what is meant to be hidden from a colleague?"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gate.model import Finding, Observation
from tests.validators.scripted import owner
from validators.channels.role_controls import (
    AGENT,
    CHANGE,
    LABEL,
    LIST,
    MAKE,
    READ,
    STEP,
    called,
)
from validators.channels.roles import judge
from validators.document.operations import Operation
from validators.roles.role_filters import filters

Record = Sequence[Observation]
ABSENT = "undecided"
MAKES = called("agent", MAKE, "granted", {})
OPENED = called("agent", READ, "granted", {"shown": True})
UNLISTED = called("agent", LIST, "granted", {"shown": False})
LISTED = called("agent", LIST, "granted", {"shown": True})
UNREAD, UNCHANGED = called("agent", READ, ABSENT, {}), called("agent", CHANGE, ABSENT, {})
FILTERED = called("agent", LIST, "granted", {"shown": True, "filter": "user"}, "filter-call")
ENDED = called("agent", LABEL, "granted", {})


def found(*parts: Record) -> set[str]:
    record = [each for part in (AGENT, *parts) for each in part]
    claims = [each for each in judge(record) if isinstance(each, Finding)]
    return {each.subject for each in claims if each.rule == "opened-though-hidden"}


@pytest.mark.parametrize(
    ("parts", "blamed"),
    [
        ((OPENED, UNLISTED, UNCHANGED), READ),
        ((LISTED, UNREAD, UNCHANGED), LIST),
        ((ENDED, UNREAD, UNLISTED), LABEL),
        ((ENDED, UNREAD, UNCHANGED), LABEL),
        ((FILTERED, UNREAD, UNLISTED), LIST),
    ],
    ids=["read", "listed", "ended though not listed", "ended though not changed", "by a filter"],
)
def test_what_alone_opens_is_blamed(parts: tuple[Record, ...], blamed: str) -> None:
    assert found(MAKES, *parts) == {blamed}


@pytest.mark.parametrize(
    "parts",
    [
        (OPENED, UNLISTED, UNCHANGED),
        (MAKES, OPENED, UNLISTED),
        (MAKES, OPENED, UNCHANGED, called("agent", STEP, ABSENT, {})),
        (MAKES, OPENED, LISTED, UNCHANGED),
        (MAKES, OPENED, UNLISTED, UNCHANGED, ENDED),
        (MAKES, called("agent", READ, "granted", {"shown": False}), UNLISTED, UNCHANGED),
        (MAKES, OPENED, UNLISTED, called("agent", CHANGE, "refused", {})),
        (MAKES, called("agent", LABEL, "granted", {"effect": False}), UNREAD, UNCHANGED),
        (
            MAKES,
            called("agent", READ, "granted", {"shown": True, "nobody": True}),
            UNLISTED,
            UNCHANGED,
        ),
        (MAKES, OPENED, UNLISTED, called("agent", CHANGE, ABSENT, {"collection": "v1/report"})),
        (MAKES, FILTERED, UNLISTED),
        (MAKES, FILTERED, LISTED, UNREAD, UNCHANGED, ENDED),
        (MAKES, FILTERED, UNLISTED, OPENED, UNCHANGED),
    ],
    ids=[
        "it may not make such itself",
        "only a list hides",
        "no read hides",
        "the list shows it too",
        "another operation opens it too",
        "nothing of the owner's is shown",
        "refused by rank",
        "without effect",
        "for everybody",
        "others hide other things",
        "a filter is for that, and no read by id hides",
        "listed and ended as well",
        "read by its id, and filtered",
    ],
)
def test_what_may_be_shared_is_not_claimed(parts: tuple[Record, ...]) -> None:
    assert found(*parts) == set()


def test_a_list_in_which_its_owner_sees_nothing_hides_nothing() -> None:
    unlisted = called("agent", LIST, "granted", {"shown": False})
    unseen = (
        unlisted[0],
        Observation(
            kind="owned-call",
            subject=LIST,
            data={**unlisted[1].data, "shown": False},
        ),
    )
    assert found(MAKES, OPENED, unseen, UNCHANGED) == set()


def test_a_list_is_asked_by_whom_its_rows_name_and_by_no_tenant() -> None:
    names = ("author", "user", "assignee_id", "workspace", "page")
    notes = Operation(method="GET", path="/notes", optional={each: {} for each in names})
    estate = owner()
    estate.ledger.note("note", {"id": "n-1", "author": 7, "workspace": "w-1", "page": 2}, {})
    estate.ledger.note("note", {"id": "n-2", "author": 8, "assignee_id": "a-1"}, {})
    estate.ledger.note("task", {"id": "t-1", "user": 9}, {})
    assert dict(filters(estate, notes)) == {"author": 7, "assignee_id": "a-1"}
