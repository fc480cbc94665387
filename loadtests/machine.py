"""Was the machine busy with work that is none of ours, so that latency is not the service's?

Own work is that of this process and all its descendants: an embedded target and the generator.
"""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from gate.model import Observation

KIND = "machine"


@dataclass(frozen=True, slots=True)
class Work:
    """CPU seconds so far: on offer, spent by anybody, spent by us, and stolen by a hypervisor."""

    offered: float
    spent: float
    own: float
    stolen: float

    def until(self, later: Work, at: float) -> Observation:
        """The shares of the machine between two looks, 0 to 1."""
        offered = max(later.offered - self.offered, 1e-9)
        spent, own, stolen = (
            max(0.0, b - a) / offered
            for a, b in (
                (self.spent, later.spent),
                (self.own, later.own),
                (self.stolen, later.stolen),
            )
        )
        return Observation(
            kind=KIND,
            subject="CPU",
            at=at,
            data={
                "own": round(own, 3),
                "foreign": round(max(0.0, spent - own), 3),
                "stolen": round(stolen, 3),
            },
        )


def look() -> Work:
    """The work done on this machine since it started."""
    times = psutil.cpu_times()
    stolen = float(getattr(times, "steal", 0.0))
    idle = times.idle + float(getattr(times, "iowait", 0.0))
    # guest time is part of user time
    guests = float(getattr(times, "guest", 0.0)) + float(getattr(times, "guest_nice", 0.0))
    offered = sum(times) - guests
    return Work(offered=offered, spent=offered - idle - stolen, own=own_work(), stolen=stolen)


def own_work() -> float:
    """CPU seconds of this process, its living descendants, and those that they have outlived."""
    this = psutil.Process()
    return sum(map(spent_by, (this, *this.children(recursive=True))))


def spent_by(process: psutil.Process) -> float:
    """CPU seconds of a process and its ended children; 0 when it has ended itself."""
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.NoSuchProcess:
        return 0.0
