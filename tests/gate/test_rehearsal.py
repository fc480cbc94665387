"""A check is believed only when it finds what was planted in the live target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

from gate.check import Check, Lie, Testbed
from gate.errors import SetupError
from gate.journal import Entry, records
from gate.model import Observation, Outcome, Result, Trouble
from gate.policy import Policy, decide
from gate.run import judge, run
from tests.make import Stub, check, observation, plan

SUBJECT = "GET /things/{id}"
LIES = {Lie.READ: ("fact",)}


@dataclass
class Liar(Stub):
    """A target that is bad behind a lie; `told` and `seen` are what becomes of it."""

    bad: bool = False
    told: Mapping[str, int] | None = None

    @contextmanager
    def sabotage(self, lie: Lie) -> Iterator[Told]:  # type: ignore[override]
        if self.told is None:
            raise SetupError(f"no proxy for {lie}")
        yield Told(replace(self, bad=True), self.told)


@dataclass(frozen=True)
class Told:
    testbed: Testbed
    told: Mapping[str, int]


def probe_badness(testbed: Testbed) -> Iterator[Observation]:
    assert isinstance(testbed, Liar)
    yield observation(bad=testbed.bad)


def probe_blindly(_: Testbed) -> Iterator[Observation]:
    yield observation(bad=False)


def rehearsed(told: Mapping[str, int] | None, tested: Check) -> tuple[Result, list[Entry]]:
    entries: list[Entry] = []
    return run(tested, Liar(told=told), entries.append, sabotage=True), entries


def seeing(**changes: object) -> Check:
    return replace(check(probe=probe_badness), lies=LIES, **changes)  # type: ignore[arg-type]


def test_a_lie_that_is_found_out_is_a_pass() -> None:
    result, _ = rehearsed({SUBJECT: 2}, seeing())
    assert result.outcome is Outcome.PASS
    assert [(each.lie, each.operation, each.caught) for each in result.sabotages] == [
        ("read", SUBJECT, True)
    ]


def test_a_lie_that_goes_unnoticed_is_an_error() -> None:
    result, _ = rehearsed({SUBJECT: 2}, seeing(probe=probe_blindly))
    assert result.outcome is Outcome.ERROR
    assert [failure.trouble for failure in result.failures] == [Trouble.SABOTAGE]
    assert f"'read' went unnoticed in {SUBJECT}" in result.failures[0].detail


def test_a_lie_elsewhere_than_the_probe_looks_is_not_held_against_it() -> None:
    result, _ = rehearsed({SUBJECT: 1, "POST /things": 9}, seeing())
    assert [each.operation for each in result.sabotages] == [SUBJECT]


@pytest.mark.parametrize("told", [{}, {"POST /things": 1}])
def test_a_lie_that_was_never_told_proves_nothing(told: Mapping[str, int]) -> None:
    result, _ = rehearsed(told, seeing())
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "never told" in result.doubts[0].reason


def test_a_target_that_cannot_be_made_to_lie_proves_nothing() -> None:
    result, _ = rehearsed(None, seeing())
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "no proxy for read" in result.doubts[0].reason


def test_a_rehearsal_that_saw_too_little_proves_nothing() -> None:
    result, _ = rehearsed({SUBJECT: 1}, seeing(probe=probe_blindly, at_least={"other": 1}))
    assert [each.caught for each in result.sabotages] == [False]
    assert Trouble.SABOTAGE not in {failure.trouble for failure in result.failures}
    assert result.outcome is Outcome.INCONCLUSIVE


def test_what_the_honest_target_shows_as_well_is_not_found_out_by_it() -> None:
    def probe_bad(_: Testbed) -> Iterator[Observation]:
        yield observation(bad=True)

    result, _ = rehearsed({SUBJECT: 1}, seeing(probe=probe_bad))
    assert [each.caught for each in result.sabotages] == [False]


def test_a_probe_that_died_or_could_not_look_is_not_rehearsed() -> None:
    result, entries = rehearsed({SUBJECT: 1}, seeing(needs=frozenset({"absent"})))
    assert result.outcome is Outcome.SKIPPED
    assert {entry.lie for entry in entries} == {""}


@pytest.mark.parametrize("told", [{SUBJECT: 2}, {}, None])
def test_a_journal_with_rehearsals_is_judged_the_same_again(told: Mapping[str, int] | None) -> None:
    result, entries = rehearsed(told, seeing())
    assert judge(seeing(), records(entries)["security.headers"]) == result


def test_a_profile_with_sabotage_is_not_passed_without_it() -> None:
    policy = Policy(profiles={"standard": ("security.headers",)}, sabotage=("standard",))
    tested = seeing()
    unrehearsed = run(tested, Liar(told={SUBJECT: 1}), lambda _: None)
    verdict = decide(plan(), [unrehearsed], policy, [tested.page])
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "sabotage was not run" in verdict.blocking[0].reason
    proven, _ = rehearsed({SUBJECT: 1}, tested)
    assert decide(plan(), [proven], policy, [tested.page]).outcome is Outcome.PASS
    assert decide(plan(), [proven], policy, [tested.page]).sensitivity == (2, 2)


def test_a_check_without_lies_needs_no_sabotage() -> None:
    policy = Policy(profiles={"standard": ("security.headers",)}, sabotage=("standard",))
    plain = check(observation())
    verdict = decide(plan(), [run(plain, Stub(), lambda _: None)], policy, [plain.page])
    assert verdict.outcome is Outcome.PASS
