"""What does the service answer to thousands of good and bad requests made from its document?"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from gate import redaction
from gate.check import Client, Testbed
from gate.model import Json, Observation
from security_tests.document import Route, as_object, list_routes
from security_tests.fuzz_report import Case, Trouble, list_cases, list_troubles, read_events
from security_tests.known import Known, know, names_in, with_examples

PHASES = "examples,coverage,fuzzing,stateful"
BOUNDS = """[generation]
max-examples = {inputs}
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "412", "428", "429", "5xx"]
[checks.missing_required_header]
expected-statuses = ["400", "401", "403", "406", "415", "422", "429"]
[phases.stateful.generation]
max-examples = {chains}
"""
ONCE = "idempotency-key"
EXCERPT = 500
FOUND_NOTHING, FOUND_SOMETHING, NOTHING_TO_TRY = 0, 1, 2
ACCESS = re.compile(
    r"/(members?|memberships?|users?|accounts?|api[-_]?keys?|keys?|tokens?|sessions?|credentials?)"
    r"/\{[^}]*\}([/:][^{}]*)?$",
    re.IGNORECASE,
)
QUOTAS = re.compile(r"/(quotas?|limits?|plans?)$", re.IGNORECASE)
PLACE = re.compile(r"/(tenants?|organi[sz]ations?|workspaces?|teams?)(/\{[^}]*\})?$", re.IGNORECASE)


class FuzzerError(Exception):
    """Schemathesis could not do its work, so nothing was learnt about the service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is tried: random inputs for each operation, chains of calls, seconds at most."""

    inputs: int
    chains: int
    seconds: float
    phases: str = PHASES


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What one run of the fuzzer sent and got, and what kept it from its work."""

    cases: tuple[Case, ...]
    troubles: tuple[Trouble, ...]

    def __add__(self, later: Sweep) -> Sweep:
        """Both runs as one."""
        return Sweep(cases=self.cases + later.cases, troubles=self.troubles + later.troubles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One run of the fuzzer: who asks, what is left out, how much is tried, and what is known."""

    client: Client
    excluded: Sequence[Route]
    effort: Effort
    known: Sequence[Known] = ()


GATE = Effort(inputs=3, chains=40, seconds=240.0)
SECOND_LOOK = Effort(inputs=1, chains=1, seconds=120.0, phases="examples")


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Run Schemathesis as the owner of the first tenant, with the document and a fixed seed.

    Phases: examples, coverage (the bounds of every schema, wrong types, missing and undeclared
    parts, wrong methods), fuzzing and stateful (links that it infers); all of its checks. A second
    look asks about objects that exist by then, so that each operation can answer in full.
    A child process does it: the library patches much at import. It reads the credential from its
    environment, and its report lives in a folder that is removed. Operations by which the principal
    could lose its own access are left out and recorded as `excluded`, with the reason.
    """
    routes = list_routes(testbed.openapi())
    owner = testbed.actor(testbed.tenants[0])
    excluded = [route for route in routes if endangers(route)]
    for route in excluded:
        reason = "could take away the access of the principal that fuzzes"
        yield note(testbed, "excluded", route.label, reason=reason)
    found = look_twice(testbed, Look(client=owner, excluded=excluded, effort=GATE), routes)
    for trouble in found.troubles:
        yield note(testbed, "trouble", trouble.subject, message=trouble.message[:EXCERPT])
    yield from summarise(testbed, [route for route in routes if route not in excluded], found.cases)
    yield from list_failures(testbed, owner, found.cases)
    yield from ask_who(testbed, owner, routes)


def look_twice(testbed: Testbed, look: Look, routes: Sequence[Route]) -> Sweep:
    """Fuzz, and then ask about what exists by then; again while that made objects of a new kind."""
    found = sweep(testbed, look)
    told: frozenset[str] = frozenset()
    while True:
        known = know(look.client, routes, found.cases)
        names = frozenset(name for each in known for name in each)
        if names <= told:
            return found
        again = replace(look, effort=SECOND_LOOK, known=known, excluded=passed(look, routes, told))
        found += sweep(testbed, again)
        told |= names


def passed(look: Look, routes: Sequence[Route], told: frozenset[str]) -> list[Route]:
    """What the next look leaves out, each once: Schemathesis refuses a name that comes twice."""
    old = [route for route in routes if is_told(route, told) and route not in look.excluded]
    return [*look.excluded, *old]


def is_told(route: Route, told: frozenset[str]) -> bool:
    """Was it asked about known objects already?"""
    names = names_in(route.path)
    return bool(names) and names <= told


def sweep(testbed: Testbed, look: Look) -> Sweep:
    """Fuzz every operation that is not excluded; FuzzerError when that fails."""
    with TemporaryDirectory(prefix="fuzz-", dir=testbed.scratch) as folder:
        report = Path(folder, "report.ndjson")
        fuzz(testbed, look, report)
        credential = next(iter(look.client.credentials), "").lower()
        with report.open(encoding="utf-8") as lines:
            cases = tuple(list_cases(read_events(lines), credential))
        with report.open(encoding="utf-8") as lines:
            troubles = tuple(list_troubles(read_events(lines)))
    return Sweep(cases=cases, troubles=troubles)


def endangers(route: Route) -> bool:
    """Could a call change or end a member, a key, a session, the tenant itself or its quotas?"""
    if route.method == "DELETE" and PLACE.search(route.path):
        return True
    found = ACCESS.search(route.path) or QUOTAS.search(route.path)
    return route.method not in {"GET", "HEAD", "OPTIONS"} and found is not None


def note(testbed: Testbed, kind: str, subject: str, **data: Json) -> Observation:
    """One fact."""
    return Observation(kind=kind, subject=subject, at=testbed.clock(), data=data)


def fuzz(testbed: Testbed, look: Look, report: Path) -> None:
    """Run the fuzzer to its end; FuzzerError when it fails or takes too long."""
    folder = report.parent
    document, config = folder / "openapi.json", folder / "schemathesis.toml"
    described = with_examples(without_once(testbed.openapi()), look.known)
    document.write_text(json.dumps(described), encoding="utf-8")
    names = {name: f"CREDENTIAL_{number}" for number, name in enumerate(look.client.credentials)}
    lines = [f'{json.dumps(name)} = "${{{variable}}}"' for name, variable in names.items()]
    bounds = BOUNDS.format(inputs=look.effort.inputs, chains=look.effort.chains)
    config.write_text("\n".join([bounds, "[headers]", *lines, ""]), encoding="utf-8")
    secrets = {variable: look.client.credentials[name] for name, variable in names.items()}
    code = testbed.run_tool(
        "schemathesis",
        command(testbed, config, document, report, look.effort.phases)
        + [word for route in look.excluded for word in ("--exclude-name", route.label)],
        {**secrets, "PYTHONUTF8": "1"},
        look.effort.seconds,
    )
    if code is None:
        raise FuzzerError(f"Schemathesis was not done after {look.effort.seconds:g} s")
    # Wrong usage is 2 as well, and leaves no report; a run that broke off is told by its report.
    if code not in {FOUND_NOTHING, FOUND_SOMETHING, NOTHING_TO_TRY} or not report.exists():
        raise FuzzerError(f"Schemathesis ended with code {code}; see logs/schemathesis.log")


def without_once(document: Mapping[str, Json]) -> dict[str, Json]:
    """The document without optional headers that make a valid request refused the second time.

    An Idempotency-Key that comes with another body is rightly 422, which no schema can say.
    """
    copy: dict[str, Json] = json.loads(json.dumps(dict(document)))
    for path in as_object(copy.get("paths", {})).values():
        for operation in as_object(path).values():
            parameters = as_object(operation).get("parameters")
            if isinstance(operation, dict) and isinstance(parameters, list):
                operation["parameters"] = [each for each in parameters if not is_once(each)]
    return copy


def is_once(parameter: Json) -> bool:
    """Is it the header of the IETF draft `idempotency-key-header`?"""
    declared = as_object(parameter)
    return declared.get("in") == "header" and str(declared.get("name")).lower() == ONCE


def command(testbed: Testbed, config: Path, document: Path, report: Path, phases: str) -> list[str]:
    """The command line, without any secret."""
    return [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "--no-color"),
        *("run", str(document), "--url", testbed.target.base_url),
        *("--phases", phases, "--checks", "all", "--continue-on-failure"),
        *("--seed", str(testbed.seed), "--workers", "1"),
        *("--generation-database", "none", "--request-timeout", "10"),
        *("--report", "ndjson", "--report-ndjson-path", str(report)),
    ]


def summarise(
    testbed: Testbed, routes: Sequence[Route], cases: Sequence[Case]
) -> Iterator[Observation]:
    """For every operation of the document the number of cases, by phase and by status."""
    for route in routes:
        mine = [case for case in cases if case.operation == route.label and case.status]
        statuses = Counter(str(case.status) for case in mine)
        phases = Counter(case.phase for case in mine)
        yield note(
            testbed,
            "operation",
            route.label,
            cases=len(mine),
            statuses=dict(sorted(statuses.items())),
            phases=dict(sorted(phases.items())),
        )


def list_failures(testbed: Testbed, client: Client, cases: Sequence[Case]) -> Iterator[Observation]:
    """One fact per failed check and operation, with its first case and the number of cases."""
    pairs = [
        (failed.check, case.operation, failed, case) for case in cases for failed in case.failed
    ]
    pairs.sort(key=lambda pair: pair[:2])
    for (check, operation), group in groupby(pairs, key=lambda pair: pair[:2]):
        (_, _, failed, case), *more = group
        caller = client if case.signed else testbed.actor("", "anonymous")
        yield note(
            testbed,
            "failure",
            operation,
            check=check,
            type=failed.type,
            message=failed.message[:EXCERPT],
            status=case.status,
            answer=excerpt(testbed, case.answer),
            method=case.method,
            target=address(case.path)[:EXCERPT],
            sent=excerpt(testbed, case.sent),
            count=1 + len(more),
            curl=caller.curl(case.method, case.path, body=case.body),
        )


def excerpt(testbed: Testbed, text: str) -> str:
    """The start of a body, without credentials; removed first, since a cut one is not found."""
    return redaction.body(text, "", testbed.secrets)[:EXCERPT]


def address(path: str) -> str:
    """Path and query, without the values of parameters that are named like a secret."""
    where, mark, query = path.partition("?")
    return where + mark + redaction.fields(query)


def ask_who(testbed: Testbed, client: Client, routes: Sequence[Route]) -> Iterator[Observation]:
    """Is the principal still let in after all that?"""
    for route in routes:
        if route.method == "GET" and route.secured and not route.parametrised:
            status = client.request("GET", route.path).status
            yield note(testbed, "principal", route.label, status=status)
            return
