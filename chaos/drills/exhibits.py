"""How long did each step of a restore take, and what of the writes came back? Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from gate.exhibits import Phase, Phases

Names = Mapping[str, frozenset[str]]


def exhibits(
    seconds: Mapping[str, float], outage: Collection[str], notes: tuple[str, ...]
) -> Iterator[Phases]:
    """The steps that were completed; those of `outage` are what a caller waits for."""
    if seconds:
        yield Phases(
            title="Steps of the drill",
            total="time to recover",
            phases=tuple(
                Phase(name=name, seconds=taken, counts=name in outage)
                for name, taken in seconds.items()
            ),
            notes=notes,
        )


def recovery_point(kept: Names, later: Names, after: Names) -> tuple[str, ...]:
    """What a restore to one moment lost and left behind, in words; nothing when not read back."""
    if not after:
        return ()
    lost, left = missing(kept, after), missing(later, after)
    return (
        f"Data loss at the target: {lost} of {total(kept)} acknowledged writes are missing.",
        f"Left behind as asked: {left} of {total(later)} writes made after the target are gone.",
    )


def missing(names: Names, after: Names) -> int:
    """How many of the names are not there afterwards."""
    return sum(len(mine - after.get(tenant, frozenset())) for tenant, mine in names.items())


def total(names: Names) -> int:
    """How many names there are."""
    return sum(map(len, names.values()))
