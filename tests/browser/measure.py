"""How fast is a report made, and how fast does it open? `python -m tests.browser.measure`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from gate.model import Severity, Verdict
from reports import FORMATS
from reports.html import render
from tests.browser.chromium import Chromium, chromium
from tests.reports.clean import CLEAN, verdict
from tests.reports.examples import leak

TIMES = 5
LOADED = (
    "(() => { const seen = performance.getEntriesByType('navigation')[0];"
    " return seen.loadEventEnd - seen.startTime })()"
)


def with_findings(number: int) -> Verdict:
    found = tuple(leak(f"GET /v1/a-{each}/{{id}}", Severity(each % 5)) for each in range(number))
    return verdict(replace(CLEAN["isolation.read-by-id"], findings=found))


def opening(browser: Chromium, page: str) -> float:
    """Milliseconds to the end of the load event; the median of some times."""
    return median(float(browser.show(page).ask(LOADED)) for _ in range(TIMES))


def measure() -> None:
    say = sys.stdout.write
    many = with_findings(1000)
    for name, form in FORMATS.items():
        began = perf_counter()
        size = len(form.render(many))
        say(f"{name}: 1,000 findings in {perf_counter() - began:.2f} s, {size / 1e6:.1f} MB\n")
    with TemporaryDirectory() as folder, chromium(Path(folder)) as browser:
        for number in (0, 500, 1000):
            page = render(with_findings(number))
            say(f"Chromium opens {number} findings in {opening(browser, page):.0f} ms\n")


if __name__ == "__main__":
    measure()
