"""What does a long run of the fuzzer find in the whole API, also where access can be lost?

No gate, and the same fuzzer as the gate's: more inputs, more chains of calls, and more callers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace

from gate.check import Client
from gate.model import Observation
from gate.testbed.client import HttpClient
from gate.testbed.embedded import Embedded
from gate.testbed.tenants import as_client, open_tenant
from security_tests.document import Route, list_routes
from security_tests.fuzz import (
    GATE,
    Effort,
    Look,
    Sweep,
    endangers,
    list_failures,
    look_twice,
    sweep,
)
from security_tests.known import know

Say = Callable[[str], None]
PHASES = ("examples", "coverage", "fuzzing", "stateful")
OPERATOR = "operatorKey"
CASES_FOR_A_CHAIN = 200
SECONDS_FOR_A_CASE = 1.0  # far above any case, since only a fuzzer that hangs is to be ended
LEAST_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One caller, and what it fuzzes."""

    name: str
    client: Client
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one caller's run found; `never` are the operations that did nothing for it."""

    name: str
    sweep: Sweep
    failures: tuple[Observation, ...]
    never: tuple[str, ...]

    @property
    def phases(self) -> Counter[str]:
        """The number of answered cases by phase."""
        return Counter(case.phase for case in self.sweep.cases if case.status)


def fuzz_all(testbed: Embedded, cases: int, say: Say) -> tuple[Found, ...]:
    """Fuzz with every caller; about so many cases or more in all."""
    routes = list_routes(testbed.openapi())
    effort = effort_for(cases, len(routes))
    with ExitStack() as stack:

        def arrive(name: str) -> Client:
            return stack.enter_context(closing(newcomer(testbed, name)))

        # All of them before anybody fuzzes: the operator uses up what may be made in a minute.
        found = tuple(parts(testbed, arrive, routes))
        return tuple(look_as(testbed, part, routes, effort, say) for part in found)


def effort_for(cases: int, operations: int) -> Effort:
    """The inputs for each operation that make so many cases, without what coverage adds."""
    return Effort(
        inputs=-(-cases // operations),
        chains=-(-cases // CASES_FOR_A_CHAIN),
        seconds=LEAST_SECONDS + cases * SECONDS_FOR_A_CASE,
    )


def newcomer(testbed: Embedded, name: str) -> HttpClient:
    """The owner of a tenant that may end: on the largest plan, so that limits hide nothing."""
    operator = testbed.cast.actor("", "operator")
    return as_client(operator.base_url, open_tenant(operator, name, "enterprise"))


def parts(
    testbed: Embedded, arrive: Callable[[str], Client], routes: Sequence[Route]
) -> Iterator[Part]:
    """Who fuzzes what. Every operation has a caller that may lose what the operation takes.

    Who deletes members or keys is soon let in no more, so nothing else is left to that caller; and
    each deletion has one of its own, since a member takes its keys along, which the fuzzer would
    then miss.
    """
    safe = tuple(route for route in routes if not endangers(route))
    yield Part(name="owner", client=testbed.actor(testbed.tenants[0]), routes=safe)
    run_by_operator = tuple(route for route in routes if OPERATOR in route.schemes)
    yield Part(name="operator", client=testbed.actor("", "operator"), routes=run_by_operator)
    risky = [route for route in routes if endangers(route)]
    changing = [route for route in risky if route.method != "DELETE"]
    deleting = [route for route in risky if route.method == "DELETE"]
    groups = {"changer": changing} | {f"leaver-{at}": [r] for at, r in enumerate(deleting, 1)}
    for name, ending in groups.items():
        around = (route for route in routes if route in ending or leads_to(route, ending))
        kept = tuple(route for route in around if route in ending or not endangers(route))
        yield Part(name=name, client=arrive(name), routes=kept)


def leads_to(route: Route, ending: Sequence[Route]) -> bool:
    """Does it give the ids, or show the object, of one of these operations?"""
    return any(f"{each.path}/".startswith(f"{route.path}/") for each in ending)


def look_as(
    testbed: Embedded, part: Part, routes: Sequence[Route], effort: Effort, say: Say
) -> Found:
    """One caller's run: first as the gate looks, then for long, at what exists by then."""
    say(f"Fuzzing {len(part.routes)} operations as {part.name}")
    excluded = [route for route in routes if route not in part.routes]
    brief = replace(GATE, seconds=effort.seconds)
    first = Look(client=part.client, excluded=excluded, effort=brief)
    swept = look_twice(testbed, first, part.routes)
    known = know(part.client, part.routes, swept.cases)
    swept += sweep(testbed, replace(first, effort=effort, known=known))
    done = {case.operation for case in swept.cases if case.status in range(200, 400)}
    found = Found(
        name=part.name,
        sweep=swept,
        failures=tuple(list_failures(testbed, part.client, swept.cases)),
        never=tuple(route.label for route in part.routes if route.label not in done),
    )
    say(f"{part.name}: {found.phases.total():,} cases, {len(found.failures)} failures")
    return found


def complete(found: Sequence[Found], cases: int) -> bool:
    """Were there as many cases as asked for, and no trouble?"""
    enough = sum(each.phases.total() for each in found) >= cases
    return enough and not any(each.sweep.troubles for each in found)


def as_text(seed: int, found: Sequence[Found]) -> str:
    """A table of cases by phase and caller, what failed, and what never did anything."""
    total = sum(each.phases.total() for each in found)
    failed = sum(len(each.failures) for each in found)
    lines = [f"seed {seed}: {total:,} cases, {failed} failures"]
    lines.append(row("", [each.name for each in found], "all"))
    for phase in PHASES:
        counts = [each.phases[phase] for each in found]
        lines.append(row(phase, [f"{count:,}" for count in counts], f"{sum(counts):,}"))
    for each in found:
        lines += [f"{each.name}, trouble: {it.subject}: {it.message}" for it in each.sweep.troubles]
        lines += [f"{each.name}, never done: {label}" for label in each.never]
        lines += [line for failure in each.failures for line in tell(failure)]
    return "\n".join(lines)


def row(name: str, cells: Sequence[str], total: str) -> str:
    """One line of the table."""
    return f"{name:<10}" + "".join(f"{cell:>10}" for cell in (*cells, total))


def tell(failure: Observation) -> Iterator[str]:
    """A failure with what to type to see it again."""
    data = failure.data
    yield f"FAILED {data['check']} in {failure.subject}, {data['count']} times: {data['type']}"
    yield f"       {' '.join(str(data['message']).split())}"
    yield f"       answered {data['status']}: {data['answer']}"
    yield f"       {data['curl']}"
