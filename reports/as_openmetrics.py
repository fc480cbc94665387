"""How does a monitoring system read a verdict? (OpenMetrics 1.0)

Names begin with `maestro_gate_`. An outcome is a state set: exactly one of its states is 1, so that
an alert can ask for a state, and the absence of the series is an alert of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    StateSetMetricFamily,
)
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector

from gate.model import Outcome, Verdict
from reports.clock import began, is_recorded
from reports.reading import Read, read
from reports.wording import printable

PREFIX = "maestro_gate"
Row = tuple[tuple[str, ...], float]


class Exposition(Collector):
    """The metrics of one verdict."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict

    def collect(self) -> Iterator[Metric]:
        """Every family: of the run, of each check, of each measure."""
        checks = {printable(each.check): each for each in reversed(read(self.verdict))}
        yield from of_run(self.verdict)
        yield outcomes(checks)
        yield from of_checks(checks)
        yield from of_measures(checks)


def render(verdict: Verdict) -> str:
    """The exposition; ends with `# EOF`."""
    registry = CollectorRegistry()
    registry.register(Exposition(verdict))
    exposed: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]
    return exposed.decode()


def of_run(verdict: Verdict) -> Iterator[Metric]:
    """The verdict itself."""
    target = verdict.target
    run = InfoMetricFamily(f"{PREFIX}_run", "What was judged.")
    run.add_metric(
        [],
        {
            "target": printable(target.name),
            "revision": printable(target.revision),
            "profile": printable(verdict.profile),
        },
    )
    yield run
    verdicts = StateSetMetricFamily(f"{PREFIX}_verdict", "The outcome of the run.")
    verdicts.add_metric([], states(verdict.outcome))
    yield verdicts
    if is_recorded(verdict):
        yield GaugeMetricFamily(
            f"{PREFIX}_started_timestamp_seconds",
            "When the run began, as Unix time.",
            value=began(verdict).timestamp(),
            unit="seconds",
        )
    yield gauge(
        "waivers",
        "Waivers by what became of them.",
        ("state",),
        [(("used",), len(verdict.waived)), (("stale",), len(verdict.stale))],
    )
    yield GaugeMetricFamily(
        f"{PREFIX}_blocking_conditions",
        "Conditions that keep the release back.",
        value=len(verdict.blocking),
    )


def states(outcome: Outcome) -> dict[str, bool]:
    """The state set of an outcome."""
    return {each.label: each is outcome for each in Outcome}


def outcomes(checks: dict[str, Read]) -> Metric:
    """The outcome of each check."""
    family = StateSetMetricFamily(
        f"{PREFIX}_check_outcome", "The outcome of a check.", labels=("check",)
    )
    for name, one in checks.items():
        family.add_metric([name], states(one.outcome))
    return family


def of_checks(checks: dict[str, Read]) -> Iterator[Metric]:
    """How long each took, what it found, and whether it caught its planted defects."""
    yield gauge(
        "check_duration_seconds",
        "How long the probe worked.",
        ("check",),
        [((name,), one.result.seconds) for name, one in checks.items()],
        unit="seconds",
    )
    yield gauge(
        "check_findings",
        "Findings by what the verdict makes of them.",
        ("check", "standing"),
        [
            ((name, standing), number)
            for name, one in checks.items()
            for standing, number in standings(one).items()
        ],
    )
    yield gauge(
        "check_planted_defects",
        "Defects planted for the judge, by whether it rejected them.",
        ("check", "judged"),
        [
            ((name, judged), number)
            for name, one in checks.items()
            for judged, number in (("caught", one.caught), ("missed", one.planted - one.caught))
        ],
    )


def standings(one: Read) -> dict[str, int]:
    """How many findings block, are waived, or are only told."""
    blocking = sum(map(one.holds_back, one.findings))
    waived = sum(map(one.is_waived, one.findings))
    return {
        "blocking": blocking,
        "waived": waived,
        "tolerated": len(one.findings) - blocking - waived,
    }


def of_measures(checks: dict[str, Read]) -> Iterator[Metric]:
    """Each measure with its interval, its limit and its samples."""
    rows = {
        (name, printable(each.estimate.name), printable(each.limit.unit)): each
        for name, one in checks.items()
        for each in one.result.measures
    }
    labels = ("check", "measure", "unit")
    for part, text in (("value", "A measure"), ("low", "Its least"), ("high", "Its largest")):
        yield gauge(
            f"measure_{part}",
            f"{text}{' value within 95 %' if part != 'value' else ''}.",
            labels,
            [(key, float(getattr(each.estimate, part))) for key, each in rows.items()],
        )
    yield gauge(
        "measure_limit",
        "The worst acceptable value.",
        (*labels, "bound"),
        [
            ((*key, "at_most" if each.limit.at_most else "at_least"), each.limit.value)
            for key, each in rows.items()
        ],
    )
    yield gauge(
        "measure_samples",
        "How many samples it rests on.",
        labels,
        [(key, each.estimate.samples) for key, each in rows.items()],
    )


def gauge(
    name: str, text: str, labels: tuple[str, ...], rows: Iterable[Row], unit: str = ""
) -> Metric:
    """A family of numbers."""
    family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=labels, unit=unit)
    for values, value in rows:
        family.add_metric(list(values), value)
    return family
