"""Does a history keep what the service promised? Pure: each oracle names what breaks its promise.

`lost`, `phantom`, `duplicated` and `recovered` are Jepsen's set-full checker.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from chaos.history import FAILED, UNAVAILABLE, Ending, Exchange, Fault, Write

Names = list[str]


def named(writes: Iterable[Write], ending: Ending) -> set[str]:
    """The names of the writes that ended like this."""
    return {write.name for write in writes if write.ending is ending}


def lost(writes: Sequence[Write], present: Sequence[str]) -> Names:
    """Acknowledged and not there."""
    return sorted(named(writes, Ending.OK) - set(present))


def phantom(writes: Sequence[Write], present: Sequence[str]) -> Names:
    """There, and nobody ever asked for it."""
    return sorted(set(present) - {write.name for write in writes})


def contradicted(writes: Sequence[Write], present: Sequence[str]) -> Names:
    """Refused with a 4xx, and there all the same."""
    return sorted(named(writes, Ending.FAIL) & set(present))


def duplicated(present: Sequence[str]) -> Names:
    """There more than once, though asked for once."""
    return sorted(name for name, count in Counter(present).items() if count > 1)


def recovered(writes: Sequence[Write], present: Sequence[str]) -> Names:
    """There although the writer could not know; no defect."""
    return sorted(named(writes, Ending.INFO) & set(present))


def crashed(exchanges: Iterable[Exchange]) -> list[Exchange]:
    """Answered with a 5xx that is no 503: the service did not see the outage coming."""
    return [each for each in exchanges if each.status in FAILED and each.status != UNAVAILABLE]


def unguided(exchanges: Iterable[Exchange]) -> list[Exchange]:
    """503 without Retry-After: clients cannot know when to come back (RFC 9110, 15.6.4)."""
    return [each for each in exchanges if each.status == UNAVAILABLE and not each.retry_after]


def not_good(exchanges: Iterable[Exchange]) -> list[Exchange]:
    """Not answered with success."""
    return [each for each in exchanges if not each.good]


def wrongly_ready(readiness: Iterable[Exchange], fault: Fault) -> list[Exchange]:
    """Called itself ready while what it cannot work without was gone."""
    return [each for each in readiness if each.good and fault.spans(each)]


def first_good(writes: Iterable[Write], after: float) -> Exchange | None:
    """The acknowledged write that was asked for after this moment and answered first."""
    good = [
        write.exchange
        for write in writes
        if write.ending is Ending.OK and write.exchange.called >= after
    ]
    return min(good, key=lambda exchange: exchange.returned, default=None)


def felt(writes: Iterable[Write], fault: Fault) -> list[Write]:
    """Writes that the fault kept from succeeding: it did more than its own proof says."""
    return [
        write
        for write in writes
        if write.ending is not Ending.OK
        and fault.began <= write.exchange.returned
        and write.exchange.called <= fault.healed
    ]
