"""What is known from earlier runs, earlier attempts and the policy's budget?

A verdict that was given without a history says nothing of it, and neither does a report then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gate.model import Result, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A finding in the light of earlier runs: `new`, `existing` or `regressed`, and since when."""

    state: str
    first_seen: date


def pasts(verdict: Verdict) -> Mapping[str, Past]:
    """What the history says of each finding, by its key; nothing without a history."""
    if not earlier(verdict):
        return {}
    return {
        each.finding: Past(state=str(each.state), first_seen=each.first_seen)
        for each in part(verdict, "known")
    }


def earlier(verdict: Verdict) -> tuple[Any, ...]:
    """The runs before this one, oldest first."""
    return part(verdict, "earlier")


def fixed(verdict: Verdict) -> tuple[str, ...]:
    """The keys of findings that are gone."""
    return part(verdict, "fixed")


def tolerated(verdict: Verdict) -> frozenset[str]:
    """The keys of findings that only the policy's budget keeps from blocking."""
    return frozenset(part(verdict, "tolerated"))


def notes(verdict: Verdict) -> tuple[str, ...]:
    """What the policy asked for and could not be answered, without blocking."""
    return part(verdict, "notes")


def attempts(result: Result) -> tuple[Any, ...]:
    """The outcomes and reasons of the attempts before the one that counts."""
    return tuple(getattr(result, "attempts", ()))


def signer(verdict: Verdict) -> str | None:
    """The fingerprint of the key that signs the evidence; None where nobody does."""
    found = getattr(verdict.provenance, "signer", None)
    return None if found is None else str(found)


def part(verdict: Verdict, name: str) -> tuple[Any, ...]:
    """A part that only a verdict with a history has."""
    return tuple(getattr(verdict, name, ()))
