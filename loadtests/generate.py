"""How is a load generator run so that it always ends, and leaves no credential behind?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gate.errors import GateError
from loadtests.plan import Plan
from loadtests.profiles import Profile

ROOT = Path(__file__).parent.parent
LOCUSTFILE = Path(__file__).with_name("locustfile.py")
START = 10.0  # seconds a slow machine may need before the first client and after the last
RunTool = Callable[[str, Sequence[str], Mapping[str, str], float], int | None]


class GeneratorError(GateError):
    """The load generator did not do its work; this says nothing about the target."""

    def advice(self) -> str:
        """What to do next."""
        return "Read the generator's log in the evidence folder, then run again."


def generate(plan: Plan, scratch: Path, run_tool: RunTool) -> None:
    """Send the planned load; afterwards the rows are in `plan.rows`.

    `scratch` holds the plan with its credentials while the load runs; `run_tool` is the
    testbed's. GeneratorError when the generator fails or does not end in time.
    """
    orders = scratch / "plan.json"
    deadline = longest(plan.profile) + START
    try:
        plan.write(orders)
        code = run_tool("locust", command(plan.profile, orders), surroundings(scratch), deadline)
    finally:
        orders.unlink(missing_ok=True)
    if code is None:
        raise GeneratorError(f"The generator did not end in {deadline:.0f} s.")
    if code != 0 or not Path(plan.rows).exists():
        raise GeneratorError(f"The generator ended with code {code} and no complete result.")


def longest(profile: Profile) -> float:
    """Seconds until the last answer is in or given up."""
    return START + profile.total + 2 * profile.patience


def surroundings(scratch: Path) -> dict[str, str]:
    """The environment: LOCUST_* variables, ~/.locust.conf and proxies must not change the load."""
    return {"PYTHONPATH": str(ROOT), "HOME": str(scratch)}


def command(profile: Profile, orders: Path) -> list[str]:
    """The command line; the run time is a bound that a load reaches only when it hangs."""
    clients = str(profile.clients)
    return [
        *(sys.executable, "-m", "locust", "--headless", "--only-summary", "--loglevel", "WARNING"),
        *("-f", str(LOCUSTFILE), "--plan", str(orders)),
        *("--users", clients, "--spawn-rate", clients),
        *("--run-time", f"{longest(profile):.0f}s"),
    ]
