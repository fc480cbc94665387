"""What does docs/METRICS.md say? Run `python -m app.telemetry.page` to print it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from app.telemetry.catalogue import METRICS, SECTIONS
from app.telemetry.metric import Feed, Metric

HEAD = """# Metrics

Written from `app/telemetry/catalogue.py` by `tox -e docs`; do not edit. `GET /metrics` shows those
that a worker feeds, added up over all workers of one machine. Metrics that a **job** feeds are
written by that job (as a text file for node_exporter, or pushed) under the names below; those that
**nobody** feeds yet are declared so that dashboards can be written, and are absent until then.

No label holds a tenant, an id or a path. `route` is the rule, such as
`/v1/runs/<uuid:run_id>`, and `unmatched` for everything that is no route. A process exposes at most
10,000 series; a test builds the worst case from the declarations.

Workers keep their numbers in slots: a worker that starts takes the lowest free slot and counts on
in its files, so that restarts neither lose counts nor add files. Of a dead worker counters and
distributions stay and present values go.
"""


def render() -> str:
    """The whole page."""
    fed = sum(metric.feed is Feed.WORKER for metric in METRICS.values())
    lines = [HEAD, f"{len(METRICS)} metrics, {fed} of them fed by workers.", ""]
    for title, metrics in SECTIONS.items():
        lines += [f"## {title}", "", *_table(metrics), ""]
    return "\n".join(lines).rstrip() + "\n"


def _table(metrics: tuple[Metric, ...]) -> Iterator[str]:
    yield "| metric | kind | labels | meaning | fed by |"
    yield "|---|---|---|---|---|"
    for metric in metrics:
        labels = ", ".join(metric.labels)
        feed = f"{metric.feed}: {metric.why}" if metric.why else metric.feed
        yield f"| `{metric.name}` | {_kind(metric)} | {labels} | {metric.help} | {feed} |"


def _kind(metric: Metric) -> str:
    if metric.mode is not None:
        return f"{metric.kind}, {metric.mode}"
    buckets = " ".join(f"{edge:g}" for edge in metric.buckets)
    return f"{metric.kind}: {buckets}" if buckets else str(metric.kind)


if __name__ == "__main__":
    sys.stdout.write(render())
