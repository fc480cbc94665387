from __future__ import annotations

from hypothesis import given
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from gate.model import Outcome, Verdict
from reports.as_openmetrics import render
from tests.reports.examples import EXAMPLES, failing
from tests.reports.strategies import unhurried, verdicts


def samples(verdict: Verdict) -> list[Sample]:
    return [
        sample
        for family in text_string_to_metric_families(render(verdict))
        for sample in family.samples
    ]


def value(verdict: Verdict, name: str, **labels: str) -> float:
    (found,) = [
        sample.value
        for sample in samples(verdict)
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return float(found)


def test_exactly_one_outcome_is_the_verdict() -> None:
    for verdict in EXAMPLES.values():
        for outcome in Outcome:
            told = value(verdict, "maestro_gate_verdict", maestro_gate_verdict=outcome.label)
            assert told == (outcome is verdict.outcome)


def test_a_missed_planted_defect_can_be_alerted_on() -> None:
    labels = {"check": "chaos.kill-database", "judged": "missed"}
    assert value(failing(), "maestro_gate_check_planted_defects", **labels) == 1
    assert value(EXAMPLES["pass"], "maestro_gate_check_planted_defects", **labels) == 0


def test_a_measure_has_its_interval_its_limit_and_its_samples() -> None:
    labels = {"check": "load.arrivals", "measure": "p99", "unit": "ms"}
    told = [
        value(EXAMPLES["pass"], f"maestro_gate_measure_{part}", **labels)
        for part in ("low", "value", "high", "limit", "samples")
    ]
    assert told == [118.2, 124.9, 139.4, 250.0, 11_873]


def test_findings_are_counted_by_what_becomes_of_them() -> None:
    counts = [
        value(failing(), "maestro_gate_check_findings", check="security.headers", standing=standing)
        for standing in ("blocking", "waived", "tolerated")
    ]
    assert counts == [0, 1, 1]


@unhurried
@given(verdicts)
def test_every_exposition_is_read_by_the_library_s_own_parser(verdict: Verdict) -> None:
    assert render(verdict).endswith("# EOF\n")
    assert {sample.name.startswith("maestro_gate_") for sample in samples(verdict)} == {True}
