from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.check import Control, Testbed
from gate.model import Doubt, Estimate, Finding, Json, Observation, Severity
from gate.run import gather, judge
from gate.testbed.hints import hints_of
from validators.channels.read_by_id import CHECK, CLEAN, GROUND, LABEL, fact, spoil
from validators.document.operations import list_operations


def found(record: Sequence[Observation]) -> list[Finding]:
    return [said for said in CHECK.judge(record) if isinstance(said, Finding)]


def doubted(record: Sequence[Observation]) -> list[str]:
    return [said.reason for said in CHECK.judge(record) if isinstance(said, Doubt)]


def test_a_clean_record_has_neither_finding_nor_doubt() -> None:
    assert not found(CLEAN)
    assert not doubted(CLEAN)


@pytest.mark.parametrize("control", CHECK.controls, ids=lambda control: control.defect)
def test_each_control_is_one_finding_on_its_operation(control: Control) -> None:
    (finding,) = found(control.record)
    assert finding.subject == LABEL
    assert finding.evidence


@given(st.integers(100, 599), st.sampled_from(["headers", "body"]))
def test_a_mark_of_the_victim_is_a_leak_whatever_the_status(status: int, place: str) -> None:
    (finding,) = found(spoil(2, status=status, traces={place: ["canary"]}))
    assert (finding.rule, finding.severity) == ("foreign-read", Severity.CRITICAL)


@given(st.sampled_from([200, 400, 403, 409, 410, 422]))
def test_a_foreign_id_that_is_answered_unlike_an_absent_one_tells_that_it_exists(
    status: int,
) -> None:
    (finding,) = found(spoil(2, status=status))
    assert (finding.rule, finding.severity) == ("existence-oracle", Severity.MEDIUM)


def test_nobody_reading_a_secured_object_is_a_finding_of_its_own() -> None:
    (finding,) = found(spoil(1, status=200, traces={"body": ["canary"]}))
    assert (finding.rule, finding.severity, finding.cwe) == ("anonymous-read", Severity.HIGH, 306)


def test_a_refusal_sent_with_200_is_no_false_alarm() -> None:
    refusal: dict[str, Json] = {"ids": "foreign", "status": 200, "digest": {"$.success": "no"}}
    record = (
        CLEAN[0],
        fact("foreign-read", role="owner", **refusal),
        fact("absent-read", **refusal),
        fact("absent-read", **refusal),
    )
    assert (found(record), doubted(record)) == ([], [])


def test_parts_that_differ_between_absent_ids_are_noise() -> None:
    def body(serial: str) -> dict[str, str]:
        return {"$.code": "a", "$.serial": serial}

    record = (
        CLEAN[0],
        fact("foreign-read", role="owner", ids="foreign", status=404, digest={**body("1")}),
        fact("absent-read", ids="foreign", status=404, digest={**body("2")}),
        fact("absent-read", ids="foreign", status=404, digest={**body("3")}),
    )
    assert (found(record), doubted(record)) == ([], [])


def test_an_own_object_at_a_shared_name_is_no_oracle() -> None:
    assert not found(spoil(2, status=200, own=True))


def test_an_operation_without_positive_control_is_never_a_pass() -> None:
    assert "no positive control: acme got 404 for its own object" in doubted(
        spoil(0, status=404, positive=False)
    )


def test_what_was_made_at_last_is_not_said_to_be_lacking() -> None:
    def planted(status: int, *, made: bool) -> Observation:
        tenant = str(CLEAN[0].data["victim"])
        data: dict[str, Json] = {"tenant": tenant, "status": status, "made": made, "excerpt": "no"}
        label = f"POST {LABEL.partition(' ')[2].rpartition('/')[0]}"
        return Observation(kind="planted", subject=label, data=data)

    refused, unreached = planted(400, made=False), fact("unreached", reason="no known object")
    (reason,) = doubted([unreached, refused, *GROUND])
    assert "got 400, which said no" in reason
    late = [unreached, refused, planted(201, made=True), *GROUND]
    assert doubted(late) == ["no known object"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_attack_that_was_not_decided_proves_nothing(status: int) -> None:
    assert "no foreign id of it got a usable answer" in doubted(spoil(2, status=status))


def test_an_operation_that_was_never_attacked_or_reached_is_a_doubt() -> None:
    assert doubted([CLEAN[0], *GROUND]) == ["no foreign id of it got a usable answer"]
    unreached = fact("unreached", reason="no known object")
    assert doubted([unreached, *GROUND]) == ["no known object"]


def test_a_few_operations_that_could_not_be_tried_are_counted_and_no_doubt() -> None:
    others = [replace(each, subject=f"GET /{at}") for at in range(19) for each in CLEAN[:5]]
    unreached = fact("unreached", reason="no known object")
    record = [*others, unreached, *GROUND]
    (covered,) = [said for said in CHECK.judge(record) if isinstance(said, Estimate)]
    assert (covered.value, covered.low, covered.high) == (95.0, 95.0, 100.0)
    assert not doubted(record)
    assert doubted([*others[5:], unreached, *GROUND]) == ["no known object"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"distinct": False}, "both tenants use the same credential"),
        (
            {"owns": 0},
            (
                "the tenant owns nothing; what should make something got 401: "
                "is its credential wrong or expired?"
            ),
        ),
    ],
)
def test_without_two_tenants_that_own_something_nothing_is_proven(
    change: dict[str, Json], reason: str
) -> None:
    seat = replace(GROUND[0], data={**GROUND[0].data, **change})
    step = Observation(kind="planted", subject="POST /x", data={"tenant": "acme", "status": 401})
    assert reason in doubted([*CLEAN[:5], seat, step, *GROUND[1:]])


def test_without_stable_absent_answers_existence_is_in_doubt() -> None:
    assert doubted([*CLEAN[:3], *GROUND]) == ["no stable answer for absent ids to compare with"]
    assert doubted(spoil(4, status=422)) == ["no stable answer for absent ids to compare with"]


def test_every_read_with_an_id_has_a_positive_control_and_is_attacked_both_ways(
    testbed: Testbed,
) -> None:
    record = gather(CHECK, testbed, lambda _: None)
    result = judge(CHECK, record)
    assert not result.failures
    assert not result.doubts
    assert not {finding.key: finding.detail for finding in result.findings}
    reads = {
        each.label
        for each in list_operations(testbed.openapi())
        if each.method == "GET" and each.names and not each.public
    }
    left_out = {label for label in reads if hints_of(testbed).leaves_out(label)}
    spared = {each.subject for each in record.observations if each.kind == "not-applicable"}
    assert left_out <= spared
    expected = reads - left_out
    assert len(left_out) < len(expected) / 3
    for victim in testbed.tenants[:2]:
        seen = [each for each in record.observations if each.data.get("victim") == victim]
        owned = {each.subject for each in seen if each.data.get("positive")}
        attacked = {each.subject for each in seen if each.kind == "foreign-read"}
        assert owned == attacked == expected
    assert not any(secret in repr(record) for secret in testbed.secrets)
