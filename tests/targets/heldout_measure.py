"""How many flaws of the held-out services does the engine find, and what does it report wrongly?

`python -m tests.targets.heldout_measure OUT.json [SERVICE…]` runs every black-box check against
every build. A hit is a finding that names the flawed operation and that the clean build does not
have; every finding of a clean build is a false alarm.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from gate.run import gather, judge
from gate.testbed.client import HttpClient
from gate.testbed.external import OFFERS
from tests.targets.heldout_serving import SERVED, heldout
from validators import CHECKS

Row = dict[str, Any]
# With BY_KIND=1 a flaw is only shown to the checks that could find it, which saves most of the time
# and can but lower the result; clean builds are shown to all.
READ, WRITE, BODY, LISTS, MASS, WHO, ROLES, ISSUED, BESIDE = (
    f"isolation.{name}"
    for name in (
        "read-by-id",
        "write-by-id",
        "body-reference",
        "list-leak",
        "mass-assignment",
        "credentials",
        "roles",
        "issued-credentials",
        "side-channels",
    )
)
BY_KIND = {
    "read": {READ, BODY, ISSUED, BESIDE},
    "job": {READ, BODY},
    "write": {WRITE, BODY, ISSUED},
    "delete": {WRITE, BODY},
    "link": {WRITE, BODY, WHO},
    "bulk": {BODY},
    "reference": {BODY},
    "nested": {READ, WRITE, BODY},
    "existence": {READ, WRITE, BODY, BESIDE},
    "list": {LISTS, READ, BODY, WHO},
    "search": {LISTS},
    "count": {LISTS},
    "cursor": {LISTS},
    "mass assignment": {MASS, WHO, ISSUED},
    "header": {WHO},
    "scope": {WHO, ISSUED, ROLES},
    "colleague": {READ, WRITE, BODY, LISTS, ROLES},
    "revoked": {WHO, ISSUED},
    "function": {ROLES},
}


def chosen(service: str, flaw: str) -> set[str]:
    if not flaw or not os.environ.get("BY_KIND"):
        return {check.id for check in CHECKS}
    return BY_KIND[SERVED[service].FLAWS[flaw].kind]


def measured(service: str, flaw: str, hints: bool = True) -> Row:
    """One build under all checks: findings, doubts, outcomes, seconds, requests."""
    asked = HttpClient.request
    requests = 0

    def counting(*args: Any, **more: Any) -> Any:
        nonlocal requests
        requests += 1
        return asked(*args, **more)

    began, cpu = time.monotonic(), time.process_time()
    with (
        patch.object(HttpClient, "request", counting),
        TemporaryDirectory() as folder,
        heldout(service, flaw, Path(folder), hints) as testbed,
    ):
        results = [
            judge(check, gather(check, testbed, lambda _: None))
            for check in CHECKS
            if check.needs <= testbed.target.offers | OFFERS and check.id in chosen(service, flaw)
        ]
    return {
        "service": service,
        "flaw": flaw,
        "hints": hints,
        "findings": [
            [each.check, each.rule, each.subject] for result in results for each in result.findings
        ],
        "doubts": [
            [result.check, each.subject, each.reason]
            for result in results
            for each in result.doubts
        ],
        "outcomes": {result.check: result.outcome.name for result in results},
        "failures": [str(result.failures) for result in results if result.failures],
        "seconds": round(time.monotonic() - began, 1),
        "cpu": round(time.process_time() - cpu, 1),
        "requests": requests,
    }


def is_hit(row: Row, clean: Row) -> bool:
    operation = SERVED[row["service"]].FLAWS[row["flaw"]].operation
    new = [each for each in row["findings"] if each not in clean["findings"]]
    return any(subject == operation for _, _, subject in new)


def summary(rows: list[Row]) -> str:
    clean = {row["service"]: row for row in rows if not row["flaw"] and row["hints"]}
    kinds: dict[str, list[str]] = defaultdict(list)
    services: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row["flaw"]:
            planted = SERVED[row["service"]].FLAWS[row["flaw"]]
            hit = "" if is_hit(row, clean[row["service"]]) else f"{row['service']} {row['flaw']}"
            kinds[planted.kind].append(hit)
            services[row["service"]].append(hit)
    lines = [
        f"{name}: {hits.count('')}/{len(hits)} missed: {', '.join(filter(None, hits))}"
        for name, hits in [*kinds.items(), *services.items()]
    ]
    lines += [
        f"clean {row['service']} hints={row['hints']}: {row['findings']} "
        f"{row['outcomes']} {row['seconds']} s, {row['requests']} requests"
        for row in rows
        if not row["flaw"]
    ]
    return "\n".join(lines)


def main(out: Path, services: list[str]) -> None:
    jobs = [
        (service, flaw, hints)
        for service in services or SERVED
        for flaw in ("", *SERVED[service].FLAWS)
        for hints in ((True, False) if not flaw else (True,))
    ]
    jobs.sort(key=lambda job: bool(job[1]))
    rows: list[Row] = []
    with ProcessPoolExecutor(int(os.environ.get("WORKERS", "2"))) as pool:
        for done in as_completed([pool.submit(measured, *job) for job in jobs]):
            rows.append(done.result())
            out.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    sys.stdout.write(summary(rows) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
