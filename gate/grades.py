"""How are outcomes and severities ordered, and how are they written?"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema


class Ranked(IntEnum):
    """An ordered choice, written in JSON and TOML as its lower-case name."""

    @property
    def label(self) -> str:
        """The written form, `high`."""
        return self.name.lower()

    @classmethod
    def parse(cls, label: str) -> Self:
        """Read the written form back; ValueError names the choices."""
        for member in cls:
            if member.label == label:
                return member
        choices = ", ".join(member.label for member in cls)
        raise ValueError(f"{label!r} is none of: {choices}")

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        written = core_schema.no_info_after_validator_function(
            cls.parse, core_schema.literal_schema([member.label for member in cls])
        )
        return core_schema.json_or_python_schema(
            json_schema=written,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), written]),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda member: member.label
            ),
        )


class Outcome(Ranked):
    """What a part of a run came to; the worst part decides for the whole."""

    PASS = 0
    SKIPPED = 1
    INCONCLUSIVE = 2
    ERROR = 3
    FAIL = 4


class Severity(Ranked):
    """How bad a finding is; the bands of CVSS 4.0 (FIRST, section 6)."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4
