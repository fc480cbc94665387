"""What does a release need? The policy as values, whatever file it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gate.errors import UsageError
from gate.model import Severity, Waiver

UNWAIVABLE = frozenset({"isolation"})


class PolicyError(UsageError):
    """The policy cannot be used as it is; `remedy` is what to do about it."""

    def __init__(
        self, message: str, remedy: str = "Correct the policy file and run again."
    ) -> None:
        super().__init__(message)
        self.remedy = remedy

    def advice(self) -> str:
        """What to do next."""
        return f"{self.remedy} `maestro list` prints every check, `maestro policy` reads the file."


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """A measure may be this much worse than the median of the last passing runs' values."""

    max_regression_pct: float
    last_n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How many findings of a severity do not block, though they reach `blocks_at`.

    `new` counts findings that the last run of their check did not have, `existing` the others.
    """

    new: Mapping[Severity, int] = field(default_factory=dict)
    existing: Mapping[Severity, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a release needs: the required checks per profile, the limits, the waivers.

    `limits`, `min_samples` and `relative` are by `check.measure`. A check that passes only when it
    is tried again (at most `retries` times) is in doubt, unless `flaky_passes`. In the profiles of
    `sabotage` every check must also find what is planted in the live target.
    """

    profiles: Mapping[str, tuple[str, ...]]
    blocks_at: Severity = Severity.MEDIUM
    limits: Mapping[str, float] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    budget: Budget = field(default_factory=Budget)
    relative: Mapping[str, Relative] = field(default_factory=dict)
    min_samples: Mapping[str, int] = field(default_factory=dict)
    retries: int = 0
    flaky_passes: bool = False
    sabotage: tuple[str, ...] = ()

    def required(self, profile: str) -> tuple[str, ...]:
        """The checks of a profile; PolicyError names the profiles there are."""
        if profile not in self.profiles:
            raise PolicyError(f"There is no profile {profile!r}, only {spell(self.profiles)}.")
        return self.profiles[profile]


def spell(names: Iterable[str]) -> str:
    """Names in a sentence."""
    return ", ".join(sorted(names))
