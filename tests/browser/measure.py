"""How fast is a report made, and how fast does it open? `python -m tests.browser.measure`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

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


def opening(browser: Chromium, page: str) -> tuple[float, float]:
    """Milliseconds to the end of the load event, and of the main thread's own work; medians.

    The second is the same on a busy machine.
    """
    session = browser.page.context.new_cdp_session(browser.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    waited, worked = [], []
    for _ in range(TIMES):
        waited.append(float(browser.show(page).ask(LOADED)))
        seen = session.send("Performance.getMetrics")["metrics"]
        worked += [1000 * each["value"] for each in seen if each["name"] == "TaskDuration"]
    return median(waited), median(worked)


def measure() -> None:
    say = sys.stdout.write
    many = with_findings(1000)
    for name, form in FORMATS.items():
        began = process_time()
        size = len(form.render(many))
        say(f"{name}: 1,000 findings in {process_time() - began:.2f} s, {size / 1e6:.1f} MB\n")
    with TemporaryDirectory() as folder, chromium(Path(folder)) as browser:
        for number in (0, 500, 1000):
            page = render(with_findings(number))
            waited, worked = opening(browser, page)
            say(f"Chromium opens {number} findings in {waited:.0f} ms, {worked:.0f} ms of work\n")


if __name__ == "__main__":
    measure()
