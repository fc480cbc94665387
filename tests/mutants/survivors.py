"""Which mutants live, and why is that so? Each was looked at; none is here to get green."""

from __future__ import annotations

from collections.abc import Mapping

SURVIVORS: Mapping[str, str] = {}
