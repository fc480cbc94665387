from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.model import Block, Outcome, Provenance, Trouble
from reports.again import again
from reports.remedies import remedy
from tests.reports.clean import PLAN


def origin(command: str) -> Provenance:
    assert PLAN.provenance
    return replace(PLAN.provenance, command=command, seed=7)


@pytest.mark.parametrize(
    ("command", "whole", "one"),
    [
        (
            "maestro gate --profile release --out runs/1 --key k.pem",
            "maestro gate --profile release --seed 7",
            "maestro gate a.b --profile release --seed 7",
        ),
        (
            "maestro gate x.y --json --target=t.toml --seed=3 z.w --shard 1/2 --history h",
            "maestro gate x.y z.w --target t.toml --shard 1/2 --history h --seed 7",
            "maestro gate a.b --target t.toml --seed 7",
        ),
        (
            "maestro gate --policy 'my policy.toml' --retries",
            "maestro gate --policy 'my policy.toml' --retries '' --seed 7",
            "maestro gate a.b --policy 'my policy.toml' --retries '' --seed 7",
        ),
    ],
)
def test_a_run_or_one_check_is_held_again_with_the_same_choices(
    command: str, whole: str, one: str
) -> None:
    assert again(origin(command)) == whole
    assert again(origin(command), "a.b") == one


@pytest.mark.parametrize("command", ["maestro merge a b --out c", "it's no shell line", ""])
def test_another_command_is_given_as_it_was(command: str) -> None:
    assert again(origin(command)) == command


@given(st.lists(st.text(max_size=9), max_size=5))
def test_no_word_of_a_command_becomes_two(words: list[str]) -> None:
    shown = again(origin(shlex.join(["maestro", "gate", *words])), "a.b")
    assert shlex.split(shown)[:3] == ["maestro", "gate", "a.b"]
    assert shlex.split(shown)[-2:] == ["--seed", "7"]


def test_each_condition_that_is_no_finding_says_what_it_means() -> None:
    for trouble in Trouble:
        reason = f"{trouble}: detail"
        assert remedy(Block(check="a.b", outcome=Outcome.ERROR, reason=reason))
    for outcome in (Outcome.INCONCLUSIVE, Outcome.SKIPPED):
        assert remedy(Block(check="a.b", outcome=outcome, reason="why"))
    assert remedy(Block(check="a.b", outcome=Outcome.FAIL, reason="high: it")) == ""
