"""What a grant must stand on before it is called a missing permission."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gate.model import Doubt, Finding, Json, Observation
from validators.channels.role_controls import (
    AGENT,
    BY_STAFF,
    CHANGE,
    EXPRESSED,
    HOOK,
    LABEL,
    LIST,
    MAKE,
    MARK,
    NOUN,
    READ,
    SAID,
    SEEN,
    STEP,
    called,
    staffed,
    stranger,
    words,
)
from validators.channels.roles import judge

Record = Sequence[Observation]
NONE: dict[str, Json] = {}
OWNERS = words("said", "owner", roles=["owner"], quote="Only the owner can do this")
OWNER_ROLE = words("said", "owner", roles=["owner"], quote="Requires the owner role")
RIGHT = words("said", "permission runs:end", roles=[], quote="requires the runs:end permission")


def rules(record: Record) -> set[str]:
    return {each.rule for each in judge(record) if isinstance(each, Finding)}


def got(label: str, said: str, more: dict[str, Json], role: str = "agent") -> Record:
    return called(role, label, said, more)


def alone(label: str, said: str, more: dict[str, Json]) -> Record:
    return called("owner", label, said, more, "owned-call")


@pytest.mark.parametrize(
    "more",
    [
        {"nobody": True},
        {"effect": False},
        {"safe": True, "shown": False},
        {"declared": ["agent"]},
    ],
    ids=["for everybody", "without effect", "showing nothing", "declared"],
)
def test_what_is_not_really_granted_is_not_claimed(more: dict[str, Json]) -> None:
    refused = got(MAKE, "refused", SAID)
    assert rules([*AGENT, *got(LABEL, "granted", SAID), *refused]) == {"reserved-operation"}
    assert not rules([*AGENT, *got(LABEL, "granted", {**SAID, **more}), *refused])


def test_a_write_that_no_read_shows_is_judged_by_its_answer() -> None:
    record = [
        replace(each, data={**each.data, "visible": False, "effect": False})
        for each in (*got(LABEL, "granted", SAID), *got(MAKE, "refused", SAID))
    ]
    assert rules([*AGENT, *record]) == {"reserved-operation"}


def test_words_alone_are_no_ground_where_they_name_no_role_of_the_target() -> None:
    assert not rules([*AGENT, *got(LABEL, "granted", SAID)])
    ordinary = called("member", LABEL, "granted", SAID)
    assert rules([*staffed("member", "owner"), *ordinary]) == {"reserved-operation"}


@pytest.mark.parametrize(
    ("label", "more", "expected"),
    [
        (HOOK, NONE, {"uneven-permission"}),
        (HOOK, {"keeps": True}, set()),
        (HOOK, {"effect": False}, set()),
        (MAKE, NONE, set()),
    ],
    ids=["a webhook", "its own", "without effect", "what is handed in"],
)
def test_a_setting_is_not_added_by_who_may_not_keep_it(
    label: str, more: dict[str, Json], expected: set[str]
) -> None:
    record = [*AGENT, *got(label, "granted", more), *got(READ, "refused", NONE)]
    assert rules([*record, *got(CHANGE, "refused", NONE)]) == expected
    assert not rules(record)
    assert not rules([*record, *got(CHANGE, "granted", {"effect": False})])


def test_a_role_that_is_stronger_than_the_one_that_is_named_may_be_let_in() -> None:
    said = words("said", "editor", roles=["editor"])
    ordered = staffed("agent", "editor", "chief", "owner", ordered=True)
    assert rules([*ordered, *got(LABEL, "granted", said)]) == {"reserved-operation"}
    assert not rules([*ordered, *got(LABEL, "granted", said, "chief")])
    assert not rules([*ordered, *got(LABEL, "granted", said, "editor")])
    unordered = staffed("agent", "editor", "chief", "owner")
    assert not rules([*unordered, *got(LABEL, "granted", said)])


def test_an_expression_means_a_role_whatever_owns_objects() -> None:
    crew = staffed("agent", "owner", ordered=True)
    assert rules([*crew, *got(LABEL, "granted", EXPRESSED)]) == {"reserved-operation"}
    assert not rules([*crew, *got(LABEL, "granted", OWNERS)])


def test_the_owner_of_an_object_is_no_role() -> None:
    assert not rules([*AGENT, *got(LABEL, "granted", OWNERS)])
    assert rules([*AGENT, *got(LABEL, "granted", OWNER_ROLE)]) == {"reserved-operation"}
    refused = got(MAKE, "refused", OWNERS)
    assert rules([*AGENT, *got(LABEL, "granted", OWNERS), *refused]) == {"reserved-operation"}


def test_a_role_that_gets_most_of_what_is_said_so_is_meant_by_it() -> None:
    record = [*AGENT, *got(LABEL, "granted", SAID), *got(MAKE, "refused", SAID)]
    assert rules(record)
    assert not rules([*record, *got(CHANGE, "granted", SAID)])


def test_a_noun_is_a_role_only_where_the_refusal_says_so() -> None:
    silent = {**NOUN, "excerpt": "no"}
    assert not rules([*AGENT, *got(LABEL, "granted", NOUN), *got(MAKE, "refused", silent)])


def test_a_named_right_is_lacked_only_when_it_is_refused_twice() -> None:
    once = [*AGENT, *got(LABEL, "granted", RIGHT), *got(MAKE, "refused", RIGHT)]
    assert not rules(once)
    assert rules([*once, *got(STEP, "refused", RIGHT)]) == {"reserved-operation"}


def test_a_refusal_of_what_is_bought_says_nothing_of_roles() -> None:
    sold = {**SAID, "excerpt": "for admins: upgrade your plan"}
    assert not rules([*AGENT, *got(LABEL, "granted", SAID), *got(MAKE, "refused", sold)])


def test_an_owner_alone_must_be_refused_by_name_or_twice() -> None:
    heads = [*staffed("owner"), *alone(LABEL, "granted", SAID)]
    silent = {**SAID, "excerpt": "no"}
    assert not rules([*heads, *alone(MAKE, "refused", silent)])
    assert rules([*heads, *alone(MAKE, "refused", SAID)]) == {"reserved-operation"}
    owners = {**OWNERS, "excerpt": "for owners only"}
    record = [*staffed("owner"), *alone(LABEL, "granted", owners), *alone(MAKE, "refused", owners)]
    assert rules(record) == {"reserved-operation"}
    twice = [*heads, *alone(MAKE, "refused", silent), *alone(STEP, "refused", silent)]
    assert rules(twice) == {"reserved-operation"}


def test_a_mark_binds_only_beside_refusals_on_the_same_objects() -> None:
    record = [*AGENT, *got(LABEL, "granted", MARK), *got(STEP, "refused", MARK)]
    assert not rules(record)
    elsewhere = {**MARK, "collection": "v1/report"}
    assert not rules(
        [
            *AGENT,
            *got(LABEL, "granted", MARK),
            *got(STEP, "refused", elsewhere),
            *got(MAKE, "refused", elsewhere),
        ]
    )
    assert rules([*record, *got(MAKE, "refused", MARK)]) == {"reserved-operation"}


def test_reading_where_only_writing_is_refused_is_claimed_of_ordinary_callers_alone() -> None:
    def record(role: str) -> Record:
        refused = (called(role, label, "refused", MARK) for label in (LABEL, MAKE))
        read = called(role, READ, "granted", {**MARK, "shown": True})
        return [*staffed(role, "owner"), *read, *(each for calls in refused for each in calls)]

    assert not rules(record("agent"))
    assert rules(record("member")) == {"reserved-operation"}


def test_who_may_create_may_also_remove_what_others_wrote() -> None:
    record = [*AGENT, *got(LABEL, "granted", NONE), *got(CHANGE, "refused", NONE)]
    assert not rules(record)
    assert not rules([*record, *got(MAKE, "granted", NONE)])
    assert rules([*record, *got(MAKE, "refused", NONE)]) == {"uneven-permission"}


def test_who_may_edit_but_not_delete_is_usual() -> None:
    assert not rules([*AGENT, *got(CHANGE, "granted", NONE), *got(LABEL, "refused", NONE)])


def test_an_unread_change_is_claimed_only_when_every_read_is_refused() -> None:
    record = [*AGENT, *got(CHANGE, "granted", NONE), *got(READ, "refused", NONE)]
    assert rules(record) == {"uneven-permission"}
    listed = [replace(each, subject="GET /v1/runs") for each in got(READ, "granted", NONE)]
    assert not rules([*record, *listed])
    put = [
        replace(each, subject=each.subject.replace("PATCH", "PUT"))
        for each in got(CHANGE, "granted", NONE)
    ]
    assert not rules([*AGENT, *put, *got(READ, "refused", NONE)])


def test_what_the_owner_is_refused_too_is_no_contradiction_of_a_role() -> None:
    refused = [each for each in got(READ, "refused", NONE) if each.kind == "role-call"]
    assert not rules([*AGENT, *got(LABEL, "granted", NONE), *refused])


def test_what_a_stranger_shares_with_his_owner_is_the_matter_of_other_checks() -> None:
    hit: dict[str, Json] = {"effect": True, "changed": [SEEN], "noise": []}
    assert rules([*AGENT, *stranger(**hit)]) == {"foreign-role"}
    assert not rules([*AGENT, *stranger(**hit, owner_too=True)])
    assert not rules([*AGENT, *stranger(**{**hit, "effect": False})])


def test_with_one_role_there_is_no_pass_unless_it_is_refused_something() -> None:
    def doubts(record: Record) -> str:
        return " ".join(each.reason for each in judge(record) if isinstance(each, Doubt))

    assert "its document reserves nothing" in doubts(staffed("owner"))
    granted = alone(LABEL, "granted", SAID)
    assert "may be meant to" in doubts([*staffed("owner"), *granted])
    assert not doubts([*staffed("owner"), *granted, *alone(MAKE, "refused", SAID)])


def test_what_is_refused_to_the_owner_as_the_document_says_needs_no_positive_control() -> None:
    refused = called("owner", LABEL, "refused", SAID, "owned-call")
    said = [*AGENT, *got(LABEL, "refused", SAID)[:1], *refused, *got(READ, "refused", NONE)]
    assert not [each for each in judge(said) if isinstance(each, Doubt)]
    plain = [*AGENT, *called("owner", LABEL, "refused", NONE, "owned-call")]
    assert [each for each in judge(plain) if isinstance(each, Doubt)]


def test_a_role_that_is_named_in_the_words_is_not_meant_by_them() -> None:
    record = [*got(LABEL, "granted", SAID, "admin"), *got(MAKE, "refused", SAID, "admin")]
    assert not rules([*staffed("admin", "owner"), *record])


def test_a_write_of_an_owner_alone_counts_only_when_he_sees_it() -> None:
    record = [*staffed("owner"), *alone(MAKE, "refused", SAID)]
    assert rules([*record, *alone(LABEL, "granted", SAID)])
    assert not rules([*record, *alone(LABEL, "granted", {**SAID, "effect": False})])


def test_a_change_that_may_be_another_doing_is_no_ground_for_a_contradiction() -> None:
    doubtful: dict[str, Json] = {"sure": False}
    record = [*AGENT, *got(READ, "refused", NONE)]
    assert rules([*record, *got(LABEL, "granted", NONE)]) == {"uneven-permission"}
    assert not rules([*record, *got(LABEL, "granted", doubtful)])


def test_an_owner_whom_the_target_file_puts_below_others_is_an_ordinary_caller() -> None:
    said, marked = alone(LABEL, "granted", SAID), alone(READ, "granted", {**MARK, "shown": True})
    refused = [*alone(STEP, "refused", MARK), *alone(MAKE, "refused", MARK)]
    below, top = staffed("owner", "admin", ordered=True), staffed("admin", "owner", ordered=True)
    assert rules([*below, *said]) == {"reserved-operation"}
    assert not rules([*top, *said])
    assert not rules([*below, *alone(LABEL, "granted", {**SAID, "effect": False})])
    assert not rules([*below, *alone(LABEL, "granted", OWNER_ROLE)])
    assert rules([*below, *marked, *refused]) == {"reserved-operation"}
    assert not rules([*below, *marked, *refused[:1]])
    assert not rules([*top, *marked, *alone(STEP, "refused", MARK)])


def test_what_only_a_stronger_principal_is_granted_is_covered_by_him() -> None:
    above = {**NONE, "positive": True, "by": "admin"}
    refused = called("owner", LABEL, "refused", above, "owned-call")
    staff = called("admin", LABEL, "granted", NONE)[:1]
    below = staffed("owner", "admin", ordered=True)
    assert not [each for each in judge([*below, *refused, *staff]) if isinstance(each, Doubt)]
    plain = called("owner", LABEL, "refused", NONE, "owned-call")
    assert [each for each in judge([*below, *plain, *staff]) if isinstance(each, Doubt)]


def test_that_a_stronger_principal_was_granted_it_offers_nothing_to_weaker_roles() -> None:
    above = {**MARK, "positive": True, "by": "admin", "collection": "v1/run"}
    refused = [
        fact
        for label in (STEP, MAKE)
        for fact in (
            *called("owner", label, "refused", above, "owned-call"),
            *called("agent", label, "refused", MARK)[:1],
        )
    ]
    below = staffed("agent", "owner", "admin", ordered=True)
    assert not rules([*below, *got(LABEL, "granted", MARK), *refused])


def test_an_owner_makes_accounts_of_which_all_else_is_the_staffs() -> None:
    below = staffed("owner", "admin", ordered=True)
    made: dict[str, Json] = {"positive": True, "enrols": True}
    refused = [*alone(LIST, "refused", BY_STAFF), *alone(CHANGE, "refused", BY_STAFF)]
    mine = alone(READ, "granted", {"positive": True, "shown": True})
    assert rules([*below, *alone(MAKE, "granted", made), *refused]) == {"uneven-permission"}
    assert rules([*below, *alone(MAKE, "granted", made), *refused, *mine]) == {"uneven-permission"}
    for less in ({"nobody": True}, {"enrols": False}, {"declared": ["owner"]}):
        assert not rules([*below, *alone(MAKE, "granted", {**made, **less}), *refused])
    for some in (refused[:1], refused[1:]):
        assert not rules([*below, *alone(MAKE, "granted", made), *some])
    ended = alone(LABEL, "granted", {"positive": True, "effect": False})
    assert not rules([*below, *alone(MAKE, "granted", made), *refused, *ended])
    unsure = [*refused[:1], *alone(CHANGE, "refused", NONE)]
    assert not rules([*below, *alone(MAKE, "granted", made), *unsure])
    top = staffed("admin", "owner", ordered=True)
    assert not rules([*top, *alone(MAKE, "granted", made), *refused])
