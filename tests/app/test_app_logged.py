"""Is everything that was logged there afterwards, whatever it was and in whichever order?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.app.callers import NOBODY, Caller

TEXTS = st.text(
    st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=8
)
AWKWARD = {"'": '"', "\\": "{}", "a,b": "NULL", "{x}": "%(key)s", "%": "\n", "ä\U0001f600": ""}
KEYS = st.sampled_from(["loss", "a.b", "z-1"])
POINTS = st.fixed_dictionaries(
    {"key": KEYS, "step": st.integers(0, 3), "value": st.floats(-1e6, 1e6)}
)
LOGS = st.fixed_dictionaries(
    {
        "metrics": st.lists(POINTS, max_size=6),
        "params": st.dictionaries(TEXTS, TEXTS, max_size=3),
        "tags": st.dictionaries(TEXTS, TEXTS, max_size=3),
    }
)
BRIEF = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def new_run(owner: Caller, **more: Any) -> dict[str, Any]:
    count = len(owner.read("/v1/projects?limit=200")["items"])
    project = owner.make("/v1/projects", name=f"p{count}")["id"]
    experiment = owner.make(f"/v1/projects/{project}/experiments", name="e")["id"]
    return owner.make(f"/v1/experiments/{experiment}/runs", name="r", **more)


def test_a_run_starts_with_its_params_and_tags(owner: Caller) -> None:
    made = new_run(owner, params=AWKWARD, tags={"who": "me"})
    assert (made["params"], made["tags"], made["metrics"]) == (AWKWARD, {"who": "me"}, {})
    assert owner.read(f"/v1/runs/{made['id']}") == made


@BRIEF
@given(st.lists(LOGS, min_size=1, max_size=4))
def test_logs_add_up_as_in_a_dictionary(owner: Caller, logs: list[dict[str, Any]]) -> None:
    run = f"/v1/runs/{new_run(owner)['id']}"
    params, tags, points = {}, {}, {}
    for log in logs:
        owner.make(f"{run}/log", **log)
        params |= log["params"]
        tags |= log["tags"]
        points |= {(point["key"], point["step"]): point["value"] for point in log["metrics"]}
    found = owner.read(run)
    assert (found["params"], found["tags"]) == (params, tags)
    latest = {key: {"step": step, "value": value} for (key, step), value in sorted(points.items())}
    assert found["metrics"] == latest
    for key in latest:
        history = owner.read(f"{run}/metrics/{key}")["points"]
        assert {(key, each["step"]): each["value"] for each in history} == {
            at: value for at, value in points.items() if at[0] == key
        }


def test_a_log_to_no_run_or_another_tenants_is_404_and_stores_nothing(
    owner: Caller, new_owner: Callable[..., Caller]
) -> None:
    log = {"metrics": [{"key": "loss", "step": 1, "value": 1}], "params": {"a": "b"}}
    assert owner.ask("POST", f"/v1/runs/{NOBODY}/log", log).status_code == 404
    other = new_owner()
    run = f"/v1/runs/{new_run(other)['id']}"
    assert owner.ask("POST", f"{run}/log", log).status_code == 404
    found = other.read(run)
    assert (found["metrics"], found["params"]) == ({}, {})
