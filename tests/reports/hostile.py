"""Texts that break reports, and a verdict that holds one wherever a text can be."""

from __future__ import annotations

from dataclasses import replace

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
    Attempt,
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
    Provenance,
    Result,
    Sabotage,
    Severity,
    State,
    Target,
    Trouble,
    Verdict,
    Waiver,
)
from gate.policy import Policy, decide
from tests.reports.clean import PLAN, TODAY

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


def spoil(text: str) -> Verdict:
    """A verdict with this text wherever a text can be."""
    finding = spoilt_finding(text)
    words = dict.fromkeys(("owner", "approver", "reason", "ticket"), text)
    stale = Waiver(finding=f"{text}:unused", expires=TODAY, **words)
    made = dict.fromkeys(("maestro", "revision", "python", "platform", "started", "command"), text)
    result = spoilt_result(text, finding)
    page = Page(check=text, claim=text, blind_to=text, lies=(text,), covers=(text,))
    plan = replace(PLAN, profile=text)
    policy = Policy(profiles={text: (text, f"{text}.absent")})
    return replace(
        decide(plan, [result], policy, (page,)),
        target=Target(name=text, base_url=text, revision=text, offers=frozenset({text})),
        waived=(Waiver(finding=finding.key, expires=TODAY, **words),),
        stale=(stale,),
        left_out=(text,),
        provenance=Provenance(seed=0, signer=text, **made),
        known=(Known(finding=finding.key, state=State.REGRESSED, first_seen=TODAY),),
        fixed=(text,),
        tolerated=(text,),
        earlier=(spoilt_past(text),),
        notes=(text,),
    )


def spoilt_finding(text: str) -> Finding:
    exchange = Exchange(
        method=text,
        target=text,
        sent=text,
        status=200,
        received=text,
        expected_status=404,
        expected=text,
    )
    return Finding(
        check=text,
        rule=text,
        subject=text,
        title=text,
        severity=Severity.HIGH,
        detail=text,
        remedy=text,
        evidence=(Evidence(summary=text, reproduce=text, observation=1, exchange=exchange),),
        cwe=79,
        owasp_api=text,
        asvs=text,
        cvss=text,
    )


def spoilt_result(text: str, finding: Finding) -> Result:
    estimate = Estimate(name=text, value=1.0, low=0.5, high=2.0, samples=7)
    return Result(
        check=text,
        findings=(finding,),
        measures=(Measure(estimate=estimate, limit=Limit(value=1.5, unit=text)),),
        doubts=(Doubt(subject=text, reason=text),),
        failures=(Failure(trouble=Trouble.PROBE, detail=text),),
        lacking=(text,),
        controls=(Caught(defect=text, caught=False),),
        sabotages=(
            Sabotage(lie=text, operation=text, told=1),
            Sabotage(lie=text, operation=f"{text} too", told=1, doubt=text),
        ),
        observed={text: 1},
        operations={text: {text: 1}},
        exhibits=spoilt_exhibits(text),
        attempts=(Attempt(outcome=Outcome.FAIL, reasons=(text,)),),
    )


def spoilt_past(text: str) -> Past:
    return Past(
        run=text,
        started=text,
        day=TODAY,
        revision=text,
        profile=text,
        outcome=Outcome.PASS,
        checks={text: Outcome.PASS},
        findings=(text,),
        measures={f"{text}.{text}": Estimate(name=text, value=1.0, low=0.5, high=2.0, samples=7)},
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
