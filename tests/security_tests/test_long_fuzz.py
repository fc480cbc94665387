"""Is a long run of the fuzzer reckoned and told rightly?"""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gate.model import Observation
from gate.testbed.embedded import Embedded
from security_tests.document import list_routes
from security_tests.fuzz import SECOND_LOOK, Look, Sweep, endangers, sweep
from security_tests.fuzz_report import Case, Trouble
from security_tests.long_fuzz import Found, as_text, complete, effort_for, newcomer, parts

CASE = Case(
    operation="GET /v1/runs",
    phase="coverage",
    method="GET",
    path="/v1/runs",
    body=None,
    sent="",
    signed=True,
    status=200,
    answer="{}",
    failed=(),
)
FAILURE = Observation(
    kind="failure",
    subject="GET /v1/runs",
    data={
        "check": "not_a_server_error",
        "type": "Server error",
        "message": "it\nbroke",
        "status": 500,
        "answer": "{}",
        "count": 3,
        "curl": "curl http://127.0.0.1/v1/runs",
    },
)
CASES = (CASE, replace(CASE, phase="stateful"), replace(CASE, status=0))
FOUND = Found(name="owner", sweep=Sweep(cases=CASES, troubles=()), failures=(), never=("GET /x",))


@given(st.integers(1, 10**6), st.integers(1, 500))
def test_the_inputs_of_all_operations_are_at_least_the_asked_cases(
    cases: int, operations: int
) -> None:
    effort = effort_for(cases, operations)
    assert effort.inputs * operations >= cases > (effort.inputs - 1) * operations
    assert effort.chains >= 1
    assert effort.seconds > cases


def test_the_table_counts_what_was_answered_by_phase() -> None:
    text = as_text(7, [FOUND, replace(FOUND, name="operator", failures=(FAILURE,))])
    assert text.splitlines()[0] == "seed 7: 4 cases, 1 failures"
    assert [line.split() for line in text.splitlines()[1:6]] == [
        ["owner", "operator", "all"],
        ["examples", "0", "0", "0"],
        ["coverage", "1", "1", "2"],
        ["fuzzing", "0", "0", "0"],
        ["stateful", "1", "1", "2"],
    ]
    assert "owner, never done: GET /x" in text
    assert "FAILED not_a_server_error in GET /v1/runs, 3 times: Server error" in text
    assert "it broke" in text


def test_a_run_is_complete_with_enough_cases_and_without_trouble() -> None:
    assert complete([FOUND, FOUND], 4)
    assert not complete([FOUND, FOUND], 5)
    trouble = Trouble(subject="schemathesis", message="it broke off")
    assert not complete([replace(FOUND, sweep=Sweep(cases=CASES, troubles=(trouble,)))], 1)


def test_every_operation_has_a_caller_that_may_lose_what_it_takes(testbed: Embedded) -> None:
    routes = list_routes(testbed.openapi())
    with ExitStack() as stack:
        arrive = lambda name: stack.enter_context(closing(newcomer(testbed, name)))  # noqa: E731
        owner, operator, changing, *leaving = parts(testbed, arrive, routes)
    everybody = [owner, operator, changing, *leaving]
    assert {route for each in everybody for route in each.routes} == {*routes}
    deleting = [route for route in routes if endangers(route) and route.method == "DELETE"]
    ended = [[route for route in each.routes if route in deleting] for each in leaving]
    assert ended == [[route] for route in deleting]
    assert not {*deleting} & {*changing.routes}
    assert not any(map(endangers, owner.routes))
    assert {route.label for route in operator.routes} == {"GET /v1/tenants", "POST /v1/tenants"}
    assert (
        len({each.client.tenant for each in everybody[1:]} | {*testbed.tenants})
        == len(everybody) + len(testbed.tenants) - 1
    )
    assert "POST /v1/members" in {route.label for each in leaving for route in each.routes}


def test_a_look_that_finds_nothing_to_try_is_no_trouble(testbed: Embedded) -> None:
    excluded = [each for each in list_routes(testbed.openapi()) if each.label != "GET /v1/me"]
    owner = testbed.actor(testbed.tenants[0])
    found = sweep(testbed, Look(client=owner, excluded=excluded, effort=SECOND_LOOK))
    assert (found.cases, found.troubles) == ((), ())
