"""Repeated keys, names that are taken, and times: what they tell, and what they may tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gate.model import Observation, Outcome, Result
from gate.run import Record, gather, judge
from gate.testbed.external import External
from tests.targets.heldout_serving import MODULES, heldout
from tests.targets.serving import target
from tests.targets.vault import FLAWS, vault
from validators.channels.side_channels import CHECK, CLEAN, times
from validators.inference.kept_answers import declared_headers

TELLING = {"kept-answer", "key-in-use", "name-taken", "time-tells"}


def looked(testbed: External) -> tuple[Record, Result]:
    record = gather(CHECK, testbed, lambda _: None)
    return record, judge(CHECK, record)


@pytest.mark.parametrize("flaw", [name for name in FLAWS if FLAWS[name][0] in TELLING])
def test_what_tells_of_another_tenant_is_found(flaw: str, tmp_path: Path) -> None:
    with vault(flaw, tmp_path) as testbed:
        _, result = looked(testbed)
    rules = {each.rule for each in result.findings}
    assert rules == {FLAWS[flaw][0]}
    assert FLAWS[flaw][1] in {each.subject for each in result.findings}


def test_kept_answers_and_names_of_one_s_own_are_no_finding(tmp_path: Path) -> None:
    with vault("", tmp_path) as testbed:
        record, result = looked(testbed)
    assert result.outcome is Outcome.PASS, result
    kept = [each for each in record.observations if each.kind == "kept-call"]
    # The trap is there: a member is given what was kept for another one of the company.
    shared = [each for each in kept if each.data["who"] == "editor" and "id" in str(each.data)]
    assert any(each.data["traces"] == {"body": ["id"], "headers": []} for each in shared)
    assert {each.subject for each in kept} == {"POST /notes", "POST /keys"}


@pytest.mark.parametrize("hints", [True, pytest.param(False, marks=pytest.mark.matrix)])
@pytest.mark.parametrize("service", MODULES)
def test_services_with_names_of_all_kinds_have_no_finding(
    service: str, hints: bool, tmp_path: Path
) -> None:
    with heldout(service, "", tmp_path, hints) as testbed:
        record, result = looked(testbed)
    assert result.outcome is Outcome.PASS, result
    # What the bazaar lets anybody make has no name but an account's.
    assert service == "bazaar" or any(each.kind == "taken-call" for each in record.observations)


def test_a_sign_up_that_says_that_a_name_is_taken_is_not_even_asked(tmp_path: Path) -> None:
    with target("notes", "", tmp_path) as testbed:
        record, result = looked(testbed)
    assert result.outcome is Outcome.PASS, result
    asked = {each.subject for each in record.observations if each.kind == "taken-call"}
    assert "POST /register" not in asked
    assert asked


def test_an_address_by_which_somebody_signs_in_is_nobodys_secret(tmp_path: Path) -> None:
    with heldout("payroll", "", tmp_path) as testbed:
        _, result = looked(testbed)
    assert result.outcome is Outcome.PASS, result


def judged(*seen: Observation) -> Result:
    return judge(CHECK, Record(check=CHECK.id, observations=seen))


def test_one_refusal_is_no_finding() -> None:
    taken = [each for each in CLEAN if each.kind == "taken-call"]
    refused = replace(taken[0], data={**taken[0].data, "granted": False, "status": 409})
    rest = [each for each in CLEAN if each is not taken[0]]
    assert not judged(*rest, refused).findings
    again = replace(taken[1], data={**taken[1].data, "granted": False, "status": 409})
    others = [each for each in rest if each is not taken[1]]
    assert {each.rule for each in judged(*others, refused, again).findings} == {"name-taken"}


@pytest.mark.parametrize(
    ("foreign", "control", "said"),
    [
        (2.1, 2.0, "nothing"),
        (6.0, 2.0, "nothing"),  # less than the floor
        (9.0, 2.0, "finding"),
        (30.0, 2.0, "finding"),
        (30.0, 60.0, "doubt"),  # absent ids differ as well
    ],
)
def test_times_count_above_the_floor_and_with_a_quiet_control(
    foreign: float, control: float, said: str
) -> None:
    result = judged(*CLEAN, times(foreign, control))
    assert bool(result.findings) is (said == "finding")
    assert bool(result.doubts) is (said == "doubt")


def test_faster_refusals_tell_as_well() -> None:
    assert {each.rule for each in judged(*CLEAN, slow_absent()).findings} == {"time-tells"}


def slow_absent() -> Observation:
    about = times(2.0, 40.0)
    groups = about.data["milliseconds"]
    assert isinstance(groups, dict)
    milliseconds = {**groups, "absent": groups["also absent"]}
    return replace(about, data={**about.data, "milliseconds": milliseconds})


def test_a_header_counts_however_it_is_declared() -> None:
    document = {
        "components": {"parameters": {"once": {"name": "X-Idempotency-Key", "in": "header"}}},
        "paths": {
            "/a": {"post": {"parameters": [{"$ref": "#/components/parameters/once"}]}},
            "/b": {"parameters": [{"name": "Idempotency-Key", "in": "header"}], "post": {}},
            "/c": {"post": {"parameters": [{"name": "idempotency_key", "in": "query"}]}},
        },
    }
    assert declared_headers(document) == {
        "POST /a": "X-Idempotency-Key",
        "POST /b": "Idempotency-Key",
    }
