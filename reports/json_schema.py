"""What does the JSON of a verdict look like? A JSON Schema (2020-12), made from the model."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from gate.model import Outcome, Verdict

ID = "https://maestro.invalid/schemas/report.schema.json"
OUTCOME = {"enum": [each.label for each in Outcome], "type": "string"}
BOOLEAN = {"type": "boolean"}
COUNT = {"type": "integer", "minimum": 0}
DERIVED: dict[str, dict[str, Any]] = {
    "Result": {
        "gate": {"type": "string"},
        "outcome": OUTCOME,
        "required": BOOLEAN,
        "blocks": BOOLEAN,
    },
    "Finding": {
        "key": {"type": "string"},
        "blocks": BOOLEAN,
        "waived": BOOLEAN,
        "score": {"type": ["number", "null"], "minimum": 0, "maximum": 10},
    },
    "Measure": {"outcome": OUTCOME},
}
"""What the report says beyond the model's own fields, by type."""


def schema(version: int) -> dict[str, Any]:
    """The schema of `report.json`: every field is there, and no other."""
    made = TypeAdapter(Verdict).json_schema(mode="validation")
    types = made.pop("$defs")
    for name, fields in DERIVED.items():
        types[name]["properties"] |= fields
    made["properties"] |= {
        "schema_version": {"const": version},
        "outcome": OUTCOME,
        "sensitivity": {
            "type": "object",
            "properties": {"caught": COUNT, "planted": COUNT},
        },
    }
    everything = {**made, "$defs": types}
    close(everything)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        **everything,
        "title": "The verdict of a Maestro run",
    }


def close(part: Any) -> None:
    """Require what is named, and allow nothing else, in every object below."""
    if isinstance(part, dict):
        for inner in part.values():
            close(inner)
        if isinstance(part.get("properties"), dict) and part.get("type") == "object":
            part["required"] = sorted(part["properties"])
            part["additionalProperties"] = False
        part.pop("default", None)
    elif isinstance(part, list):
        for inner in part:
            close(inner)
