"""Verdicts to look at: every outcome, a history, a rehearsal, more findings than fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from gate.exhibits import Exchange
from gate.model import (
    Caught,
    Doubt,
    Evidence,
    Failure,
    Finding,
    Known,
    Outcome,
    Past,
    Result,
    Sabotage,
    Severity,
    State,
    Trouble,
    Verdict,
    Waiver,
)
from gate.rehearsal import undecided, unnoticed
from tests.reports.clean import ACCESS, CLEAN, LEAKED, RATE, p99, verdict


def leak(subject: str = "GET /v1/runs/{run_id}", severity: Severity = Severity.CRITICAL) -> Finding:
    return Finding(
        check="isolation.read-by-id",
        rule="foreign-object",
        subject=subject,
        title="Another tenant's object can be read",
        severity=severity,
        detail="globex (viewer) asked for an object of acme and got 200 with acme's canary in it.\n"
        "The owner's own answer is the same but for `request_id`.",
        remedy="Scope the query by tenant, and check the row-level security policy of its table.",
        evidence=(
            Evidence(
                summary="globex reads a run of acme: expected 404, got 200",
                reproduce="curl --silent --include --header 'Authorization: Bearer $TOKEN_GLOBEX' "
                "http://127.0.0.1:8731/v1/runs/3f0c2a52-8d0e-4b8b-9a53-6a9e5f1f6a11",
                observation=412,
                exchange=Exchange(
                    method="GET",
                    target="/v1/runs/{run_id}",
                    status=200,
                    received='{\n  "id": "3f0c2a52",\n  "name": "canary-acme-7f3a"\n}',
                    expected_status=404,
                    expected='{\n  "code": "not_found"\n}',
                ),
            ),
        ),
        cwe=639,
        owasp_api="API1:2023",
        asvs="V8.4.1",
        cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:N/VA:N/SC:H/SI:N/SA:N",
    )


def header(severity: Severity = Severity.MEDIUM) -> Finding:
    return Finding(
        check="security.headers",
        rule="missing",
        subject="Permissions-Policy",
        title="Permissions-Policy is not sent",
        severity=severity,
        detail="0 of 24 answers carry it.",
        remedy="Send `Permissions-Policy: camera=(), microphone=(), geolocation=()`.",
        evidence=(
            Evidence(
                summary="No such header on /healthz",
                reproduce="curl --silent --head http://127.0.0.1:8731/healthz",
            ),
        ),
        cwe=693,
        asvs="V3.4.1",
    )


def accept(finding: str, expires: date = date(2026, 4, 2)) -> Waiver:
    return Waiver(
        finding=finding,
        owner="Ada Lovelace",
        approver="Grace Hopper",
        reason="No page of ours uses these features; the proxy will send it from April.",
        expires=expires,
        ticket="SEC-114",
    )


def failing() -> Verdict:
    """Defects, a waiver in use, an expired and an unused one, doubts, a blind control."""
    check = CLEAN["isolation.read-by-id"]
    return verdict(
        replace(
            check,
            findings=(leak("GET /v1/models/{model_id}", Severity.HIGH), leak()),
            exhibits=(ACCESS, LEAKED),
        ),
        replace(CLEAN["security.headers"], findings=(header(), lone_info())),
        replace(
            CLEAN["load.arrivals"],
            measures=(p99(236.0, 247.3, 268.8), RATE),
            doubts=(
                Doubt(
                    subject="p99",
                    reason="247.3 ms (95 % between 236 and 268.8) straddles the limit ≤ 250 ms",
                ),
            ),
        ),
        replace(
            CLEAN["chaos.kill-database"],
            controls=(Caught(defect="an acknowledged write that is gone", caught=False),),
            failures=(
                Failure(
                    trouble=Trouble.CONTROL,
                    detail="the judge accepted: an acknowledged write that is gone",
                ),
            ),
        ),
        waivers=(
            accept(header().key),
            accept("security.headers:missing:Cache-Control", date(2026, 3, 1)),
            accept("contract.responses:undocumented:GET /v1/models"),
        ),
        without=("recovery.restore-point",),
    )


def lone_info() -> Finding:
    return replace(
        header(Severity.INFO), subject="Server", title="Server names the software", cwe=200
    )


def crowded() -> Verdict:
    """Two hundred findings of one check."""
    findings = tuple(
        leak(f"GET /v1/things-{number:03}/{{id}}", Severity(number % 5)) for number in range(200)
    )
    return verdict(replace(CLEAN["isolation.read-by-id"], findings=findings))


def remembering() -> Verdict:
    """The failing verdict with three earlier runs: one finding is new, one is back, one old."""
    plain = failing()
    states = (
        (State.REGRESSED, 2),
        (State.NEW, 16),
        (State.EXISTING, 1),
        (State.EXISTING, 1),
    )
    keys = [finding.key for result in plain.results for finding in result.findings]
    return replace(
        plain,
        known=tuple(
            Known(finding=key, state=state, first_seen=date(2026, 3, day))
            for key, (state, day) in zip(keys, states, strict=True)
        ),
        tolerated=(lone_info().key,),
        notes=("load.arrivals.p99: fewer than 3 passing runs to compare with",),
        fixed=("contract.responses:undocumented:GET /v1/runs",),
        earlier=tuple(
            Past(
                run=f"run-{day}",
                started=f"2026-03-{day:02}T00:00:00Z",
                day=date(2026, 3, day),
                revision=f"1f0c{day:04}",
                profile="standard",
                outcome=Outcome.PASS if day > 8 else Outcome.FAIL,
                findings=("security.headers:missing:Permissions-Policy",),
                checks=dict.fromkeys(CLEAN, Outcome.PASS),
                measures={"load.arrivals.p99": p99(110.0, 118.0 + day, 151.0).estimate},
            )
            for day in (2, 9, 15)
        ),
    )


def rehearsed() -> Verdict:
    """A release run: of the lies in the live target one went unnoticed, and one is in doubt."""
    told = (
        Sabotage(lie="read", operation="GET /v1/runs/{run_id}", told=2, caught=True),
        Sabotage(lie="error", operation="GET /v1/runs/{run_id}", told=1),
        Sabotage(lie="read", operation="GET /v1/models/{model_id}", told=2, caught=True),
        Sabotage(lie="error", operation="GET /v1/models/{model_id}", told=1, doubt="not owned"),
    )
    check = replace(
        CLEAN["isolation.read-by-id"],
        sabotages=told,
        doubts=tuple(undecided(told)),
        failures=tuple(unnoticed(told)),
    )
    plain = verdict(check)
    pages = (replace(plain.pages[0], lies=("read", "error")), *plain.pages[1:])
    return replace(plain, pages=pages)


EXAMPLES: Mapping[str, Verdict] = {
    "pass": verdict(),
    "waived": verdict(
        replace(CLEAN["security.headers"], findings=(header(),)), waivers=(accept(header().key),)
    ),
    "skipped": verdict(
        Result(check="recovery.restore-point", lacking=("database",)),
        only=("recovery.restore-point", "security.headers"),
        without=("load.arrivals", "contract.responses", "isolation.read-by-id"),
    ),
    "inconclusive": verdict(
        replace(
            CLEAN["contract.responses"],
            observed={"exchange": 12},
            doubts=(Doubt(subject="exchange", reason="only 12 seen, at least 500 are needed"),),
        )
    ),
    "error": verdict(
        replace(
            CLEAN["chaos.kill-database"],
            failures=(Failure(trouble=Trouble.PROBE, detail="ConnectionError: no route to it"),),
        ),
        without=("load.arrivals",),
    ),
    "rehearsed": rehearsed(),
    "fail": failing(),
}
