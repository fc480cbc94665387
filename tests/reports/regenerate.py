"""Write the golden files anew: `python -m tests.reports.regenerate`, then read the diff."""

from __future__ import annotations

from pathlib import Path

from reports import FORMATS
from tests.reports.examples import EXAMPLES

GOLDEN = Path(__file__).parent.parent / "golden"


def regenerate() -> None:
    for name, verdict in EXAMPLES.items():
        folder = GOLDEN / name
        folder.mkdir(parents=True, exist_ok=True)
        for each in FORMATS.values():
            (folder / each.filename).write_text(each.render(verdict), encoding="utf-8")


if __name__ == "__main__":
    regenerate()
