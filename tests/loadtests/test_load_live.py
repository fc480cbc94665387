from __future__ import annotations

from dataclasses import replace

from gate.model import Doubt, Estimate, Finding
from gate.run import as_stored
from gate.testbed.embedded import Embedded
from loadtests.open_arrivals import measure
from loadtests.profiles import SHORT
from loadtests.second import KIND, Second
from loadtests.slo import judge

BRIEF = replace(SHORT, rate=40, warm_up=1, seconds=3)


def test_the_service_is_measured_and_left_as_it_was(testbed: Embedded) -> None:
    seen = [as_stored(each) for each in measure(testbed, BRIEF)]
    rows = [Second.read(each) for each in seen if each.kind == KIND]
    assert len(rows) == BRIEF.total * len(BRIEF.operations)
    assert {status for row in rows for status in row.statuses} == {"200", "201"}
    said = list(judge(seen))
    assert not [each for each in said if isinstance(each, Finding) and each.rule != "stall"]
    (errors,) = (each for each in said if isinstance(each, Estimate) and each.name == "error_rate")
    assert errors.value == 0
    assert "samples" in {each.subject for each in said if isinstance(each, Doubt)}
    projects = testbed.actor(testbed.tenants[0]).request("GET", "/v1/projects").body
    assert "load-" not in projects
    kept = "".join(each.read_text("utf-8") for each in (testbed.folder / "loads").iterdir())
    assert not any(secret in kept for secret in testbed.secrets)
