"""Write golden files and schema anew: `python -m tests.reports.regenerate`; read the diff."""

from __future__ import annotations

import json
from pathlib import Path

from reports import FORMATS
from reports.as_json import SCHEMA_VERSION
from reports.json_schema import schema
from tests.reports.examples import EXAMPLES

GOLDEN = Path(__file__).parent.parent / "golden"
SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "report.schema.json"


def regenerate() -> None:
    for name, verdict in EXAMPLES.items():
        folder = GOLDEN / name
        folder.mkdir(parents=True, exist_ok=True)
        for each in FORMATS.values():
            (folder / each.filename).write_text(each.render(verdict), encoding="utf-8")
    SCHEMA.parent.mkdir(exist_ok=True)
    SCHEMA.write_text(published(), encoding="utf-8")


def published() -> str:
    return json.dumps(schema(SCHEMA_VERSION), indent=2) + "\n"


if __name__ == "__main__":
    regenerate()
