"""Verdicts to look at: every outcome, and the texts and sizes that break reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from gate.exhibits import (
    Curve,
    Exchange,
    Exhibit,
    Histogram,
    Phase,
    Phases,
    Span,
    Timeline,
    tabulate,
)
from gate.model import (
    Caught,
    Doubt,
    Estimate,
    Evidence,
    Failure,
    Finding,
    Known,
    Limit,
    Measure,
    Outcome,
    Page,
    Past,
    Plan,
    Provenance,
    Result,
    Severity,
    State,
    Target,
    Trouble,
    Verdict,
    Waiver,
)
from gate.policy import Policy, decide

TODAY = date(2026, 3, 16)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }} {% raw %} </style></textarea>-->",
    "bell\x07 escape\x1b[31m backspace\x08 delete\x7f c1\x85 bom\ufeff non\uffff",
    "override\u202egnp.exe\u202c isolate\u2067x\u2069 zero\u200bwidth",
    "مرحبا بالعالم",
    "line one\nline two\r\n| a | table | row |\n# heading",
    "`code` **bold** [link](https://evil.example) @everyone #1 www.evil.example ]]>",
    "x" * 5000,
)
PLAN = Plan(
    target=Target(
        name="Maestro ML",
        base_url="http://127.0.0.1:8731",
        revision="4f2c9e1b7a",
        offers=frozenset({"openapi", "database", "http"}),
    ),
    profile="standard",
    today=TODAY,
    provenance=Provenance(
        maestro="0.1.0",
        revision="9ca64357d2",
        python="3.11.2",
        platform="Linux-6.1-x86_64",
        seed=20260316,
        started="2026-03-16T09:41:07Z",
        command="maestro gate --profile standard --out runs/2026-03-16",
    ),
)
PAGES = (
    Page(
        check="isolation.read-by-id",
        claim="No tenant can read another tenant's object by its id.",
        blind_to="Ids hidden in bodies or headers, and writes: those are other checks.",
        covers=("isolation:1", "isolation:11", "API1:2023", "ASVS:V8.4.1"),
    ),
    Page(
        check="contract.responses",
        claim="Every answer is one that the OpenAPI document promises.",
        blind_to="Meaning: a well-formed answer with the wrong content passes.",
        covers=("API3:2023", "API9:2023"),
    ),
    Page(
        check="security.headers",
        claim="Every answer carries the headers that keep a browser from being turned on its user.",
        blind_to="What a proxy or content network in front of the service adds or removes.",
        covers=("API8:2023", "ASVS:V3.4.1", "ASVS:V3.4.3"),
    ),
    Page(
        check="load.arrivals",
        claim="At the promised rate, 99 of 100 requests are answered within the limit.",
        blind_to="Hours-long effects such as leaks and bloat, and other hardware than this.",
    ),
    Page(
        check="chaos.kill-database",
        claim="No acknowledged write is lost when PostgreSQL is killed.",
        blind_to="A loss of power that takes the disk's own cache with it.",
    ),
    Page(
        check="recovery.restore-point",
        claim="A restored database holds, per tenant, what it held at the chosen moment.",
        blind_to="Backups older than this run, and the time a restore takes at full size.",
    ),
)
POLICY = Policy(profiles={"standard": tuple(page.check for page in PAGES)})


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


def p99(low: float, value: float, high: float, limit: float = 250.0) -> Measure:
    return Measure(
        estimate=Estimate(name="p99", value=value, low=low, high=high, samples=11_873),
        limit=Limit(value=limit, unit="ms"),
    )


RATE = Measure(
    estimate=Estimate(name="rate", value=412.6, low=409.1, high=415.8, samples=60),
    limit=Limit(value=400.0, unit="requests/s", at_most=False),
)
LATENCIES = Histogram(
    title="Latency from the intended start",
    x="ms",
    edges=(1.0, 3.16, 10.0, 31.6, 100.0, 316.0),
    counts=(310, 4_120, 5_400, 1_800, 243),
    marks=(("p50", 14.2), ("p99", 124.9), ("limit of p99", 250.0)),
)
SECONDS = Timeline(
    title="Latency of each second",
    x="seconds of load",
    y="ms",
    curves=(
        Curve(name="median", points=tuple((float(at), 12.0 + at % 5) for at in range(60))),
        Curve(name="longest", points=tuple((float(at), 90.0 + at % 7 * 11) for at in range(60))),
    ),
    spans=(Span(name="warm-up, not counted", start=0.0, end=5.0),),
)
OUTAGE = Timeline(
    title="Writes by what came of them",
    x="seconds since the first write",
    y="writes a second",
    curves=(
        Curve(
            name="acknowledged",
            points=((0.0, 310.0), (1.0, 305.0), (1.1, 0.0), (2.4, 0.0), (2.5, 280.0), (4.0, 312.0)),
        ),
        Curve(name="no clear answer", points=((0.0, 0.0), (1.1, 180.0), (2.4, 170.0), (2.5, 0.0))),
    ),
    spans=(
        Span(name="postgres-killed", start=1.05, end=2.05),
        Span(name="repair", start=2.05, end=2.45),
    ),
)
STEPS = Phases(
    title="Steps of the drill",
    total="time to recover",
    phases=(
        Phase(name="back-up", seconds=0.54, counts=False),
        Phase(name="destroy", seconds=0.05, counts=True),
        Phase(name="restore", seconds=0.41, counts=True),
        Phase(name="start", seconds=0.22, counts=True),
        Phase(name="prove", seconds=0.1, counts=False),
    ),
    notes=("Data loss at the target: 0 of 138 acknowledged writes are missing.",),
)
ACCESS = tabulate(
    "access",
    (
        ("GET /v1/runs/{run_id}", "own tenant's owner", "allowed"),
        ("GET /v1/runs/{run_id}", "nobody", "refused"),
        ("GET /v1/runs/{run_id}", "other tenant's owner", "refused"),
        ("GET /v1/models/{model_id}", "own tenant's owner", "allowed"),
        ("GET /v1/models/{model_id}", "other tenant's owner", "nothing shown"),
        ("DELETE /v1/members/{member_id}", "own tenant's owner", "not tried"),
    ),
)
LEAKED = tabulate("access", (("GET /v1/runs/{run_id}", "other tenant's owner", "got through"),))
PROMISES = tabulate(
    "promises",
    (
        ("Acknowledged writes stay", "postgres-killed: after", "kept"),
        ("The service stays alive", "postgres-killed: during", "kept"),
        ("The service stays alive", "postgres-killed: after", "kept"),
    ),
)
CLEAN: Mapping[str, Result] = {
    result.check: result
    for result in (
        Result(
            check="isolation.read-by-id",
            controls=(
                Caught(defect="a foreign object answered with 200", caught=True),
                Caught(defect="an empty 200 in place of 404", caught=True),
            ),
            observed={"probe": 1488, "own-read": 124, "foreign-read": 620},
            operations={
                "GET /v1/runs/{run_id}": {"own-read": 62, "foreign-read": 310},
                "GET /v1/models/{model_id}": {"own-read": 62, "foreign-read": 310},
            },
            exhibits=(ACCESS,),
            seconds=11.82,
        ),
        Result(
            check="contract.responses",
            controls=(Caught(defect="an undocumented 500", caught=True),),
            observed={"exchange": 4210},
            operations={
                "DELETE /v1/members/{member_id}": {"excluded": 1},
                "GET /v1/runs/{run_id}": {"exchange": 2000},
                "POST /v1/runs": {"exchange": 2210},
            },
            seconds=38.4,
        ),
        Result(
            check="security.headers",
            controls=(
                Caught(defect="no Strict-Transport-Security", caught=True),
                Caught(defect="Server tells the version", caught=True),
                Caught(defect="a wildcard in Content-Security-Policy", caught=True),
            ),
            observed={"answer": 24},
            seconds=0.31,
        ),
        Result(
            check="load.arrivals",
            measures=(p99(118.2, 124.9, 139.4), RATE),
            controls=(Caught(defect="one request in fifty takes a second", caught=True),),
            observed={"window": 60, "request": 11_873},
            exhibits=(LATENCIES, SECONDS),
            seconds=64.0,
        ),
        Result(
            check="chaos.kill-database",
            controls=(Caught(defect="an acknowledged write that is gone", caught=True),),
            observed={"write": 1904, "read": 1904, "fault": 3},
            exhibits=(OUTAGE, PROMISES),
            seconds=41.7,
        ),
        Result(
            check="recovery.restore-point",
            controls=(Caught(defect="one row of one tenant missing", caught=True),),
            observed={"digest": 4},
            exhibits=(STEPS,),
            seconds=27.9,
        ),
    )
}


def verdict(
    *changed: Result,
    waivers: tuple[Waiver, ...] = (),
    only: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
) -> Verdict:
    """The verdict on a clean run with some results exchanged or taken away."""
    results = {**CLEAN, **{result.check: result for result in changed}}
    kept = [result for check, result in results.items() if check not in without]
    return decide(replace(PLAN, only=only), kept, replace(POLICY, waivers=waivers), PAGES)


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


def spoil(text: str) -> Verdict:
    """A verdict with this text wherever a text can be."""
    exchange = Exchange(
        method=text, target=text, sent=text, received=text, expected_status=404, expected=text
    )
    finding = Finding(
        check=text,
        rule=text,
        subject=text,
        title=text,
        severity=Severity.HIGH,
        detail=text,
        remedy=text,
        evidence=(Evidence(summary=text, reproduce=text, exchange=exchange),),
        owasp_api=text,
        asvs=text,
        cvss=text,
    )
    estimate = Estimate(name=text, value=1.0, low=0.5, high=2.0, samples=7)
    result = Result(
        check=text,
        findings=(finding,),
        measures=(Measure(estimate=estimate, limit=Limit(value=1.5, unit=text)),),
        doubts=(Doubt(subject=text, reason=text),),
        failures=(Failure(trouble=Trouble.PROBE, detail=text),),
        lacking=(text,),
        controls=(Caught(defect=text, caught=False),),
        observed={text: 1},
        operations={text: {text: 1}},
        exhibits=spoilt_exhibits(text),
    )
    words = dict.fromkeys(("owner", "approver", "reason", "ticket"), text)
    stale = Waiver(finding=f"{text}:unused", expires=TODAY, **words)
    made = dict.fromkeys(("maestro", "revision", "python", "platform", "started", "command"), text)
    return replace(
        decide(
            replace(PLAN, profile=text),
            [result],
            Policy(profiles={text: (text, f"{text}.absent")}),
            (Page(check=text, claim=text, blind_to=text, covers=(text,)),),
        ),
        target=Target(name=text, base_url=text, revision=text, offers=frozenset({text})),
        waived=(Waiver(finding=finding.key, expires=TODAY, **words),),
        stale=(stale,),
        left_out=(text,),
        provenance=Provenance(seed=0, **made),
    )


def spoilt_exhibits(text: str) -> tuple[Exhibit, ...]:
    curve = Curve(name=text, points=((0.0, 1.0), (1.0, 2.0)))
    span = Span(name=text, start=0.0, end=0.5)
    return (
        Timeline(title=text, x=text, y=text, curves=(curve,), spans=(span,)),
        Histogram(title=text, x=text, edges=(1.0, 2.0), counts=(3,), marks=((text, 1.5),)),
        Phases(
            title=text,
            total=text,
            phases=(Phase(name=text, seconds=1.0, counts=True),),
            notes=(text,),
        ),
        tabulate("access", ((text, text, "got through"),)),
        tabulate("promises", ((text, text, "broken"),)),
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
    "fail": failing(),
}
