"""What does the policy file say? Reads it; what it decides: `gate.decision`.

Pure: the text, the checks and the day are arguments.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from gate.decision import decide
from gate.model import Severity, Waiver, gate_of
from gate.rules import UNWAIVABLE, Budget, Policy, PolicyError, Relative, spell
from gate.toml_lines import line_of, line_with

# The whole policy can be had from here.
__all__ = ["Budget", "Policy", "PolicyError", "Relative", "decide", "spell"]

FILE = "policy.toml"
Allowed = Annotated[int, Field(ge=0)]


class Written(BaseModel):
    """A table of the policy file: nothing unknown, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


class WrittenWaiver(Written):
    """A `[[waivers]]` table."""

    finding: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    approver: str = Field(min_length=1)
    reason: str = Field(min_length=10)
    expires: date
    ticket: str = Field(min_length=1)


class WrittenBudget(Written):
    """The `[budget]` table: how many findings per severity do not block."""

    new: dict[Severity, Allowed] = {}
    existing: dict[Severity, Allowed] = {}


class WrittenRelative(Written):
    """A `[relative."check.measure"]` table."""

    max_regression_pct: Annotated[FiniteFloat, Field(ge=0)]
    last_n: int = Field(default=3, ge=1)


class WrittenFlaky(Written):
    """The `[flaky]` table."""

    retries: int = Field(default=0, ge=0, le=5)
    passes: bool = False


class WrittenPolicy(Written):
    """What a release needs; see docs/EVIDENCE.md."""

    version: Literal[1]
    blocks_at: Severity = Severity.MEDIUM
    max_waiver_days: int = Field(default=30, ge=1)
    profiles: dict[str, list[str]] = Field(min_length=1)
    limits: dict[str, FiniteFloat] = {}
    min_samples: dict[str, Annotated[int, Field(ge=1)]] = {}
    relative: dict[str, WrittenRelative] = {}
    budget: WrittenBudget = Field(default_factory=WrittenBudget)
    flaky: WrittenFlaky = Field(default_factory=WrittenFlaky)
    waivers: list[WrittenWaiver] = []
    sabotage: list[str] = []


@dataclass(frozen=True, slots=True)
class Source:
    """The file's text and name, to say where a mistake stands."""

    text: str
    file: str

    def wrong(self, message: str, line: int | None, remedy: str) -> PolicyError:
        """A mistake at a line, with what to do about it."""
        place = self.file if line is None else f"{self.file}:{line}"
        return PolicyError(f"{place}: {message}", remedy)

    def at(self, path: Sequence[str | int], message: str, remedy: str) -> PolicyError:
        """A mistake in the value of a key."""
        return self.wrong(message, line_of(self.text, path), remedy)

    def naming(self, word: str, message: str, remedy: str) -> PolicyError:
        """A mistake in a name that the file uses."""
        return self.wrong(message, line_with(self.text, word), remedy)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the file, for editors."""
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return draft | WrittenPolicy.model_json_schema()


def parse(text: str, *, today: date, file: str = FILE) -> Policy:
    """Read a policy file's text (TOML 1.0); PolicyError says in one sentence what is wrong.

    A waiver may not run longer than `max_waiver_days` from `today`; an expired one is kept, and
    is stale.
    """
    source = Source(text, file)
    written = read(source)
    for profile, required in written.profiles.items():
        if not required:
            message = f"profiles.{profile} requires no check, so it could never fail."
            raise source.at(("profiles", profile), message, "Name its checks, or remove it.")
    for profile in written.sabotage:
        if profile not in written.profiles:
            message = f"sabotage names the profile {profile!r}, which does not exist."
            raise source.at(("sabotage",), message, near(profile, written.profiles))
    latest = today + timedelta(days=written.max_waiver_days)
    return Policy(
        profiles={name: tuple(required) for name, required in written.profiles.items()},
        blocks_at=written.blocks_at,
        limits=written.limits,
        waivers=tuple(
            accept(source, number, waiver, latest) for number, waiver in enumerate(written.waivers)
        ),
        budget=Budget(new=written.budget.new, existing=written.budget.existing),
        relative={name: Relative(**each.model_dump()) for name, each in written.relative.items()},
        min_samples=written.min_samples,
        retries=written.flaky.retries,
        flaky_passes=written.flaky.passes,
        sabotage=tuple(written.sabotage),
    )


def name_known(
    policy: Policy,
    *,
    checks: Collection[str],
    measures: Collection[str],
    text: str = "",
    file: str = FILE,
) -> None:
    """Refuse names that nothing answers to: a typo would silently require nothing.

    `checks` are all check ids, `measures` all `check.measure` names; `text` is the file's.
    """
    source = Source(text, file)
    named = [
        *(
            (f"profiles.{name}", check, check)
            for name in policy.profiles
            for check in policy.profiles[name]
        ),
        *(("A waiver", each.finding.partition(":")[0], each.finding) for each in policy.waivers),
    ]
    for where, check, word in named:
        if check not in checks:
            message = f"{where} names the check {check!r}, which does not exist."
            raise source.naming(word, message, near(check, checks))
    for where in ("limits", "min_samples", "relative"):
        for name in getattr(policy, where):
            if name not in measures:
                message = f"{where} names {name!r}, which no check measures."
                raise source.naming(name, message, near(name, measures))


def near(name: str, names: Collection[str]) -> str:
    """The advice to write the nearest name."""
    found = difflib.get_close_matches(name, names, n=1)
    return f"Write {found[0]!r}, or remove it." if found else "Correct the name, or remove it."


def read(source: Source) -> WrittenPolicy:
    """The file's text as tables; the line is named where TOML itself is broken."""
    try:
        return WrittenPolicy.model_validate(tomllib.loads(source.text))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else None
        message = f"The policy is not valid TOML: {error}."
        raise source.wrong(message, line, "Correct the syntax (https://toml.io).") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = tuple(part for part in first["loc"] if part != "[key]")
        message = f"The policy is wrong at {'.'.join(map(str, path))}: {first['msg']}."
        remedy = REMEDIES.get(first["type"], "Correct the value; docs/EVIDENCE.md has examples.")
        raise source.at(path, message, remedy) from error


REMEDIES: Mapping[str, str] = {
    "extra_forbidden": "Remove it, or correct its name.",
    "missing": "Add it.",
    "finite_number": "Write a number that a measure can exceed.",
}


def accept(source: Source, number: int, written: WrittenWaiver, latest: date) -> Waiver:
    """A waiver that keeps the rules: four eyes, an end, and never isolation."""
    where, table = f"Waiver {number + 1} ({written.finding})", ("waivers", number)
    if gate_of(written.finding) in UNWAIVABLE:
        message = f"{where} waives {gate_of(written.finding)}, which cannot be waived."
        raise source.at((*table, "finding"), message, "Remove the waiver and fix the finding.")
    if written.owner.casefold().split() == written.approver.casefold().split():
        message = f"{where} is approved by its owner {written.owner}."
        raise source.at((*table, "approver"), message, "Let somebody else approve it.")
    if written.expires > latest:
        message = f"{where} runs until {written.expires}; the latest day is {latest}."
        raise source.at((*table, "expires"), message, "Choose an earlier day.")
    return Waiver(**written.model_dump())
