"""What each channel's judge claims, and what it must not claim."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from gate.model import Doubt, Finding, Json, Observation
from validators.channels import (
    body_reference,
    credentials,
    list_leak,
    mass_assignment,
    roles,
    write_by_id,
)
from validators.channels.role_controls import HOOK, LABEL, LIST, MAKE, OPEN, READ, spoil

CHANNELS = (body_reference, credentials, list_leak, mass_assignment, roles, write_by_id)
EACH: Any = pytest.mark.parametrize("channel", CHANNELS, ids=lambda each: each.CHECK.id)
CONTROLS: Any = pytest.mark.parametrize(
    ("channel", "control"),
    [(each, control) for each in CHANNELS for control in each.CHECK.controls],
    ids=lambda value: getattr(value, "defect", ""),
)

SHOWN = "sees a field|hide from him"


def found(channel: Any, record: Any) -> list[Finding]:
    return [said for said in channel.CHECK.judge(record) if isinstance(said, Finding)]


def doubted(channel: Any, record: Any) -> list[str]:
    return [said.reason for said in channel.CHECK.judge(record) if isinstance(said, Doubt)]


@EACH
def test_a_clean_record_has_neither_finding_nor_doubt(channel: Any) -> None:
    assert not found(channel, channel.CLEAN)
    assert not doubted(channel, channel.CLEAN)


@CONTROLS
def test_each_control_is_found_on_its_operation(channel: Any, control: Any) -> None:
    findings = found(channel, control.record)
    # What is shown by a filter is a list's; a field, or what is hidden elsewhere, is a read's.
    said = {"by a filter": LIST, SHOWN: READ, "adds a webhook": HOOK, "makes accounts": MAKE}
    named = (label for words, label in said.items() if re.search(words, control.defect))
    operation = next(named, channel.LABEL)
    assert {finding.subject for finding in findings} == {operation}
    assert all(finding.evidence and finding.check == channel.CHECK.id for finding in findings)


@EACH
def test_without_positive_control_there_is_no_pass(channel: Any) -> None:
    record = [
        replace(each, data={**each.data, "positive": False})
        if each.kind.startswith("owned")
        else each
        for each in channel.CLEAN
    ]
    assert any("no positive control" in reason for reason in doubted(channel, record))


@pytest.mark.parametrize("status", [200, 204, 409, 404, 500])
def test_an_effect_is_a_finding_whatever_the_status(status: int) -> None:
    (finding,) = found(write_by_id, write_by_id.spoil(status=status, changed=[write_by_id.SEEN]))
    assert finding.rule == "foreign-write"


def test_a_success_without_effect_on_the_victim_is_no_finding() -> None:
    absent: dict[str, Json] = {"status": 204, "digest": {}}
    record = [
        replace(each, data={**each.data, **absent, "granted": True, "on_caller": True})
        if each.kind.endswith("-write") and each.kind != "owned-write"
        else each
        for each in write_by_id.CLEAN
    ]
    assert not found(write_by_id, record)


def test_what_changes_without_the_attack_is_noise() -> None:
    quiet = write_by_id.spoil(changed=[write_by_id.SEEN], noise=[write_by_id.SEEN])
    assert not found(write_by_id, quiet)


def test_only_the_time_of_a_change_is_no_effect() -> None:
    assert not found(write_by_id, write_by_id.spoil(changed=["GET /x $.updated_at"]))


def test_an_effect_that_is_seen_once_and_not_again_is_a_doubt() -> None:
    first = next(each for each in write_by_id.CLEAN if each.data.get("round") == 0)
    hit = replace(first, data={**first.data, "changed": [write_by_id.SEEN]})
    record = [hit if each is first else each for each in write_by_id.CLEAN]
    assert not found(write_by_id, record)
    assert "an effect on the victim was seen once and not again" in doubted(write_by_id, record)


def test_a_reference_that_is_granted_like_an_absent_one_is_not_claimed() -> None:
    record = [
        replace(each, data={**each.data, "granted": True, "status": 201})
        if each.kind.endswith("-write")
        else each
        for each in body_reference.CLEAN
    ]
    assert not found(body_reference, record)


def test_a_value_that_is_only_echoed_is_not_kept() -> None:
    once = [
        replace(each, data={**each.data, "kept": True})
        if each.data.get("field") == "role" and each.data.get("round") == 0
        else each
        for each in mass_assignment.CLEAN
    ]
    assert not found(mass_assignment, once)


def test_a_role_that_writes_without_a_promise_by_its_name_is_only_recorded() -> None:
    record = spoil("editor", said="granted", status=204, declared=[], effect=True)
    findings = {each.rule for each in found(roles, record)}
    assert "reader-writes" not in findings


@pytest.mark.parametrize(("act", "expected"), [("make", False), ("change", True)])
def test_a_guest_may_write_what_is_his_own(act: str, expected: bool) -> None:
    opened = spoil("viewer", **OPEN, act=act, effect=True)
    record = [
        replace(each, data={**each.data, "role": "guest"})
        if each.data.get("role") == "viewer"
        else each
        for each in opened
    ]
    assert ("reader-writes" in {each.rule for each in found(roles, record)}) is expected


@pytest.mark.parametrize(
    ("label", "act", "expected"),
    [
        ("POST /notes/{note}/comments", "make", False),
        ("POST /notes/{note}/like", "step", False),
        ("PUT /notes/{note}/star", "change", False),
        ("PUT /notes/{note}/comments/{comment}", "change", True),
        ("DELETE /notes/{note}/comments/{comment}", "end", True),
        ("DELETE /notes/{note}/comments", "end", True),
        ("POST /notes/{note}/files", "make", True),
        ("POST /notes/{note}:submit", "make", False),
        ("PUT /user/starred/{note}", "change", False),
        ("POST /me/notes", "make", False),
        ("PUT /user/{user}", "change", True),
        ("POST /notes/{note}:publish", "step", True),
    ],
)
def test_a_reader_may_say_something_of_what_he_reads(label: str, act: str, expected: bool) -> None:
    opened = spoil("viewer", **OPEN, act=act, effect=True)
    record = [replace(each, subject=label) if each.subject == LABEL else each for each in opened]
    assert ("reader-writes" in {each.rule for each in found(roles, record)}) is expected


@pytest.mark.parametrize(("said", "expected"), [("refused", False), ("granted", True)])
def test_what_a_reader_opens_and_keeps_is_his(said: str, expected: bool) -> None:
    opened = spoil("viewer", **OPEN, act="make", effect=True, keeps=True, collection="runs")
    opened = [
        replace(each, subject="POST /runs") if each.subject == LABEL else each for each in opened
    ]
    data: dict[str, Json] = {"role": "viewer", "said": said, "status": 403, "act": "change"}
    about = "PATCH /runs/{run}"
    owned: dict[str, Json] = {"role": "owner", "positive": True, "by": "owner"}
    record = [
        *opened,
        Observation(kind="role-call", subject=about, data={**data, "collection": "runs"}),
        Observation(kind="owned-call", subject=about, data=owned),
    ]
    wrong = {each.subject for each in found(roles, record) if each.rule == "reader-writes"}
    assert ("POST /runs" in wrong) is expected


def test_without_an_order_nothing_is_said_of_weaker_and_stronger_roles() -> None:
    record = [
        replace(each, data={**each.data, "ordered": False}) if each.kind == "staffed" else each
        for each in spoil("viewer", **OPEN)
    ]
    assert not found(roles, record)


def test_a_shared_list_may_move() -> None:
    moved = list_leak.spoil("growth", changed=["GET /v1/projects $.total"], shared=True)
    assert not found(list_leak, moved)


def test_a_suppressed_observation_is_no_finding() -> None:
    leak: Json = {"headers": [], "body": ["canary"]}
    hidden = Observation(kind="suppressed", subject=list_leak.LABEL, data={"traces": leak})
    assert not found(list_leak, [*list_leak.CLEAN, hidden])
