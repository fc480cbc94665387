"""What do logs and metrics hold after two tenants have sent marks in every place?"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from random import Random
from urllib.parse import quote

from gate.check import Testbed
from gate.model import Observation
from gate.testbed.hints import salt_of
from validators.behind.traffic import own_reads, settle_anew
from validators.document.operations import as_object
from validators.estates.estate import Estate
from validators.estates.ground import Ground, stand
from validators.estates.principals import Principals, introductions
from validators.messages.calls import expand
from validators.messages.traces import UUID, like

OBJECTS = 40
HEADERS = ("X-Note", "User-Agent", "Referer", "Cookie", "X-Forwarded-For", "X-Tenant-Id")
PARAMETER = re.compile(r"[<{][^<>{}]*[>}]")
LABEL = re.compile(r'="((?:[^"\\]|\\.)*)"')


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Send marks of both tenants, then read what the log gained and what /metrics shows.

    New objects whose every free text is marked; their repetition, which conflicts; marks in query
    strings, paths, headers, malformed bodies and credentials. Each line of the log that a request's
    id ties to its tenant is searched for marks, credentials and the other tenant's id; counts are
    recorded, never a line. Then objects that nobody has are asked for, and the series are counted
    before and after.
    """
    telemetry, ground = testbed.telemetry(), stand(testbed)
    yield from ground.facts
    if ground.vacuous:
        return
    starts = {log: log.stat().st_size for log in telemetry.logs}
    heard: dict[str, str] = {}
    estates = settle_anew(ground, salt_of(testbed, testbed.seed, "telemetry"), heard)
    for estate in estates:
        send_marks(ground, estate)
    before = read_metrics(testbed, telemetry.metrics)
    ask_for_many(ground, estates[0], testbed.seed)
    after = read_metrics(testbed, telemetry.metrics)
    text = "".join(added(log, start) for log, start in starts.items())
    for (subject, tenant), found in tally(testbed, text, heard, estates).items():
        yield Observation(
            kind="lines",
            subject=subject,
            at=testbed.clock(),
            data={
                "tenant": tenant,
                **{name: found[name] for name in ("lines", "canaries", "credentials", "foreign")},
            },
        )
    marks = dict.fromkeys(callers(ground, estates), "who signs in")
    yield from look_at_labels(testbed, after, estates, marks)
    yield Observation(
        kind="series",
        subject="metrics",
        at=testbed.clock(),
        data={"before": len(before), "after": len(after), "objects": OBJECTS},
    )


def send_marks(ground: Ground, estate: Estate) -> None:
    """The tenant's mark in every place of a request that the log might copy."""
    mark, client = estate.canaries.token, estate.client
    headers = {"Baggage": f"note={mark}", **dict.fromkeys(HEADERS, mark)}
    for call, _ in own_reads(ground, estate):
        client.request("GET", call.target, headers=headers)
        client.request("GET", f"{expand(call.operation.path, call.path)}?note={mark}")
    client.request("GET", f"/{mark}")
    client.request("GET", "/", headers={"Authorization": f"Bearer {mark}"})
    made = [thing.origin for thing in estate.ledger.things if thing.origin]
    for again in made:
        estate.send(again)
        client.request(again.operation.method, again.target, body={"name": [mark], mark: mark})


def ask_for_many(ground: Ground, estate: Estate, seed: int) -> None:
    """Reads of different objects that nobody has."""
    chance = Random(seed)  # noqa: S311 - ids that must not exist
    reads = [call for call, _ in own_reads(ground, estate) if call.path]
    for call in reads[:1] * OBJECTS:
        path = tuple(like(value, chance) for value in call.path)
        estate.client.request("GET", expand(call.operation.path, path))


def added(log: Path, start: int) -> str:
    """What the log gained."""
    with log.open("rb") as lines:
        lines.seek(start)
        return lines.read().decode(errors="replace")


def tally(
    testbed: Testbed, text: str, heard: Mapping[str, str], estates: tuple[Estate, ...]
) -> dict[tuple[str, str], Counter[str]]:
    """Per route and tenant: how many lines there are, and how many hold what they must not."""
    ids = testbed.tenancy().tenants
    marks = {each for estate in estates for each in written(estate.canaries.token)}
    secrets = {each for secret in testbed.secrets for each in written(secret)}
    known = {PARAMETER.sub("{}", path) for path in as_object(testbed.openapi().get("paths"))}
    found: dict[tuple[str, str], Counter[str]] = {}
    for line in text.splitlines():
        tenant = next((owner for name, owner in heard.items() if name in line), "")
        others = [ids[name] for name in ids if tenant and name != tenant]
        counts = found.setdefault((route_of(line, known), tenant), Counter())
        counts["lines"] += 1
        counts["canaries"] += any(each in line for each in marks)
        counts["credentials"] += any(each in line for each in secrets)
        counts["foreign"] += any(each in line for each in others)
    return found


def written(text: str) -> tuple[str, str]:
    """As it is, and as a path or query carries it."""
    return text, quote(text, safe="")


def route_of(line: str, known: Collection[str]) -> str:
    """`GET /v1/runs` where a JSON line says so, else what kind of line it is.

    A route that the document does not know may be a path: another subject in every run.
    """
    try:
        said = json.loads(line)
    except ValueError:
        return "a line of text"
    if not isinstance(said, dict) or "route" not in said:
        return "a line without a route"
    route = PARAMETER.sub("{}", str(said["route"]))
    return f"{said.get('method', '')} {route}".strip() if route in known else "an unknown route"


def read_metrics(testbed: Testbed, path: str) -> list[str]:
    """The series, `name{labels}` without the value."""
    text = testbed.actor("", "anonymous").request("GET", path).body
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return [line.rpartition(" ")[0] for line in lines]


def callers(ground: Ground, estates: tuple[Estate, ...]) -> Iterator[str]:
    """How the service calls those who asked: ids and addresses, which no label has by chance."""
    known = Principals()
    for estate in estates:
        known.recognise(estate.client.credentials)
        for read in introductions(ground.operations):
            known.learn(estate.client.request("GET", read.path).json())
    yield from (each for each in known.names if UUID.fullmatch(each) or "@" in each)


def look_at_labels(
    testbed: Testbed,
    series: list[str],
    estates: tuple[Estate, ...],
    marks: Mapping[str, str],
) -> Iterator[Observation]:
    """One fact per metric: which marks of tenants its labels hold, beside these."""
    ids = testbed.tenancy().tenants
    marks = {**marks} | {estate.canaries.token: "canary" for estate in estates}
    marks |= {each: "id" for estate in estates for each in estate.ledger.made}
    marks |= dict.fromkeys(ids.values(), "tenant id")
    for metric in dict.fromkeys(line.partition("{")[0] for line in series):
        own = [line for line in series if line.partition("{")[0] == metric]
        values = {value for line in own for value in LABEL.findall(line)}
        found = {name for mark, name in marks.items() if any(mark in each for each in values)}
        found |= {"tenant name"} if values & set(ids) else set()
        yield Observation(
            kind="labels",
            subject=metric,
            at=testbed.clock(),
            data={"marks": [*sorted(found)], "series": len(own)},
        )
