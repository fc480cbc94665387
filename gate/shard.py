"""How do several machines share the checks of one run, and what makes their shares one? Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from gate.errors import UsageError
from gate.model import Plan, Provenance, Shard

COMMON = (
    "target",
    "revision",
    "profile",
    "number of shards",
    "choice of checks",
    "Maestro",
    "seed",
)
WRITTEN = re.compile(r"(\d{1,4})/(\d{1,4})")


def read(text: str, scope: Sequence[str] = ()) -> Shard:
    """`2/3` is the second of three; UsageError when it is none."""
    found = WRITTEN.fullmatch(text)
    index, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= index <= count:
        raise UsageError(f"--shard {text} is none of 1/n to n/n.")
    return Shard(index=index, count=count, scope=tuple(scope))


def split(checks: Sequence[str], shard: Shard) -> tuple[str, ...]:
    """This shard's checks: every n-th of them; UsageError when there are fewer checks than shards.

    The order is the catalogue's, so every machine comes to the same answer.
    """
    if shard.count > len(checks):
        raise UsageError(f"{shard.count} shards are too many for {len(checks)} checks.")
    return tuple(checks[shard.index - 1 :: shard.count])


def whole(plans: Sequence[tuple[str, Plan]]) -> Plan:
    """The plan that these runs, each with its name, carry out together.

    UsageError when they do not agree: they must have one target and revision, profile, scope,
    version of Maestro and seed, and no shard may be there twice. A missing one is not refused: its
    checks have no results.
    """
    first = plans[0][1]
    for run, plan in plans:
        if plan.shard is None:
            raise UsageError(f"{run} is a whole run, not a shard.")
        for what, ours, theirs in zip(
            COMMON,
            identity(first),
            identity(plan),
            strict=True,
        ):
            if ours != theirs:
                raise UsageError(f"{run} has another {what} ({theirs}) than the first ({ours}).")
    seen = [plan.shard.index for _, plan in plans if plan.shard]
    if twice := sorted({index for index in seen if seen.count(index) > 1}):
        raise UsageError(f"Shard {twice[0]} is there twice.")
    return replace(
        first,
        shard=None,
        only=first.shard.scope if first.shard else (),
        today=max(plan.today for _, plan in plans),
    )


def identity(plan: Plan) -> tuple[object, ...]:
    """What shards of one run have in common, in the order of `COMMON`."""
    origin, shard = plan.provenance, plan.shard
    return (
        plan.target.name,
        plan.target.revision,
        plan.profile,
        shard.count if shard else 0,
        ", ".join(shard.scope) if shard else "",
        origin.maestro if origin else "",
        origin.seed if origin else "",
    )


def provenance(plans: Sequence[Plan], command: str, signer: str | None) -> Provenance | None:
    """Who merged: the first to start, with the command that made one verdict of the shards."""
    origins = [plan.provenance for plan in plans if plan.provenance]
    if not origins:
        return None
    first = min(origins, key=lambda origin: origin.started)
    return replace(first, command=command, signer=signer)
