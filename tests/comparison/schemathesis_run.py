"""How many flaws of the held-out services does Schemathesis find, as fairly as we know how?

`python -m tests.comparison.schemathesis_run OUT.json [SERVICE[:FLAW,FLAW…]…]` runs it against each
build, with both tenants' owners as peers and their lower roles as further users, all checks, all
phases, valid data, and the seed of the other runs. It may call everything but what ends its own
sessions (unless that is where the flaw is), and it runs to its end: on a shared machine only the
seconds of CPU that it used can be compared. A hit is any failed check that names the flawed
operation and that no clean run has.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from security_tests.fuzz_report import list_cases, list_troubles, read_events
from tests.targets import heldout_helpdesk, heldout_invoicing
from tests.targets.heldout_serving import MODULES, SEATS, server
from tests.targets.serving import running

Row = dict[str, Any]
# Generated cases per operation and phase; Schemathesis takes 100 when nothing is said.
EXAMPLES = os.environ.get("EXAMPLES", "20")
PATIENCE = 1200
ENDS_SESSIONS = {
    "helpdesk": "DELETE /v1/sessions/current",
    "invoicing": "POST /api/auth.logout",
    "clinic": "POST /logout",
    "warehouse": "DELETE /api/keys/current",
}
AUTHORIZATION = {"object_level_authorization", "ignored_auth"}
SEED = 11
COMMAND = (
    *(sys.executable, "-m", "schemathesis.cli", "--config-file", "{folder}/schemathesis.toml"),
    *("--no-color", "run", "{url}/openapi.json", "--url", "{url}", "--checks", "all"),
    *("--phases", "examples,coverage,fuzzing,stateful", "--continue-on-failure"),
    *("--mode", "positive", "--max-examples", EXAMPLES, "--seed", "{seed}", "--workers", "1"),
    *("--request-timeout", "10", "--no-shrink"),
    *("--generation-database", "none", "--output-sanitize", "false"),
    *("--report", "ndjson", "--report-ndjson-path", "{folder}/report.ndjson"),
)


def users(service: str) -> list[Row]:
    """Everybody with a credential, owners first, as a file of the Web Fuzzing Commons says it."""
    if service == "helpdesk":
        found = {
            f"{tenant}-{role}": ("Authorization", f"Bearer {token}")
            for tenant, role, _, token in heldout_helpdesk.USERS.values()
        }
    elif service == "invoicing":
        found = {
            f"{tenant}-{role}": ("X-Api-Key", key)
            for key, (tenant, role, _) in heldout_invoicing.KEYS.items()
        }
    else:
        header, prefix, seats = SEATS[service]
        found = {f"{who}-{seat}": (header, prefix + key) for key, (who, seat) in seats.items()}
    ordered = sorted(found.items(), key=lambda item: not item[0].endswith(("-owner", "-admin")))
    return [
        {"name": name, "fixedHeaders": [{"name": header, "value": value}]}
        for name, (header, value) in ordered
    ]


def configure(service: str, folder: Path) -> None:
    entries = users(service)
    peers = [each["name"] for each in entries[:2]]
    (folder / "auth.yaml").write_text(yaml.safe_dump({"auth": entries}), encoding="utf-8")
    (folder / "schemathesis.toml").write_text(
        f'[auth.wfc]\npath = "{folder}/auth.yaml"\npeers = {json.dumps(peers)}\n', encoding="utf-8"
    )


def measured(service: str, flaw: str, seed: int) -> Row:
    began, cpu = time.monotonic(), getrusage(RUSAGE_CHILDREN).ru_utime
    with TemporaryDirectory() as name, running(server(service, flaw)) as url:
        folder = Path(name)
        configure(service, folder)
        values = {"folder": name, "url": url, "seed": seed}
        command = [each.format(**values) for each in COMMAND]
        blamed = MODULES[service].FLAWS[flaw].operation if flaw else ""
        if blamed != ENDS_SESSIONS[service]:
            command += ["--exclude-name", ENDS_SESSIONS[service]]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        report = folder / "report.ndjson"
        lines = report.read_text(encoding="utf-8").splitlines() if report.exists() else []
    cases = list(list_cases(read_events(lines), "authorization"))
    return {
        "service": service,
        "flaw": flaw,
        "seed": seed,
        "failed": sorted(
            {(failed.check, case.operation) for case in cases for failed in case.failed}
        ),
        "troubles": [each.message[:200] for each in list_troubles(read_events(lines))],
        "code": done.returncode,
        "said": done.stdout[-400:] if not lines else "",
        "cases": len(cases),
        "seconds": round(time.monotonic() - began, 1),
        "cpu": round(getrusage(RUSAGE_CHILDREN).ru_utime - cpu, 1),
    }


def hits(row: Row, clean: Mapping[str, set[tuple[str, str]]]) -> dict[str, bool]:
    """Whether it was found by a new finding, by an authorization check, or named at all."""
    operation = MODULES[row["service"]].FLAWS[row["flaw"]].operation
    found = {(check, label) for check, label in row["failed"] if label == operation}
    new = found - clean[row["service"]]
    return {
        "new": bool(new),
        "authorization": any(check in AUTHORIZATION for check, _ in new),
        "named": bool(found),
    }


def summary(rows: list[Row]) -> str:
    clean: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in rows:
        if not row["flaw"]:
            clean[row["service"]] |= {(check, label) for check, label in row["failed"]}
    table: dict[str, list[dict[str, bool]]] = defaultdict(list)
    for row in rows:
        if row["flaw"]:
            kind = MODULES[row["service"]].FLAWS[row["flaw"]].kind
            for name in (kind, row["service"], "all"):
                table[name].append(hits(row, clean))
    lines = [
        f"{name}: of {len(found)} "
        + ", ".join(f"{word} {sum(each[word] for each in found)}" for word in found[0])
        for name, found in table.items()
    ]
    for service, found in clean.items():
        wrong = sorted(each for each in found if each[0] in AUTHORIZATION)
        lines.append(
            f"clean {service}: {len(found)} pairs of check and operation; authorization {wrong}"
        )
    found_by = [
        (row["service"], row["flaw"], row["failed"])
        for row in rows
        if row["flaw"] and hits(row, clean)["new"]
    ]
    for service, flaw, failed in found_by:
        operation = MODULES[service].FLAWS[flaw].operation
        new = [check for check, label in failed if label == operation]
        lines.append(f"found {service} {flaw}: {new}")
    return "\n".join(lines)


def main(out: Path, services: list[str]) -> None:
    jobs = [
        (service, flaw, SEED)
        for service, _, chosen in (each.partition(":") for each in services or ENDS_SESSIONS)
        for flaw in ("", *(chosen.split(",") if chosen else MODULES[service].FLAWS))
    ]
    rows: list[Row] = []
    with ProcessPoolExecutor(int(os.environ.get("WORKERS", "2"))) as pool:
        for done in as_completed([pool.submit(measured, *job) for job in jobs]):
            rows.append(done.result())
            out.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    sys.stdout.write(summary(rows) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
