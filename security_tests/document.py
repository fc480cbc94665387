"""Which requests does the OpenAPI document invite, and which of them need a credential?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gate.model import Json

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
PLACEHOLDER = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation of the document. `secured`: no credential at all is not enough.

    `schemes` names the kinds of credential that it mentions.
    """

    method: str
    path: str
    secured: bool
    schemes: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """The stable name of the operation, `GET /v1/runs/{run_id}`."""
        return f"{self.method} {self.path}"

    @property
    def parametrised(self) -> bool:
        """Does the path hold a placeholder?"""
        return "{" in self.path

    def at(self, value: str) -> str:
        """The path with `value` in the place of every placeholder."""
        return PLACEHOLDER.sub(value, self.path)


def as_object(value: Json) -> Mapping[str, Json]:
    """The value as a JSON object; anything else is an empty one."""
    return value if isinstance(value, dict) else {}


def list_routes(document: Mapping[str, Json]) -> tuple[Route, ...]:
    """Every operation in the order of the document (OpenAPI 3.1, section 4.8.8)."""
    return tuple(walk(document))


def walk(document: Mapping[str, Json]) -> Iterator[Route]:
    """The operations one by one; an operation's `security` overrides the document's."""
    for path, item in as_object(document.get("paths", {})).items():
        for method, operation in as_object(item).items():
            if method in METHODS:
                security = as_object(operation).get("security", document.get("security"))
                yield Route(
                    method=method.upper(),
                    path=path,
                    secured=demands(security),
                    schemes=named_in(security),
                )


def demands(security: Json) -> bool:
    """Requirements are alternatives; an empty list or an empty alternative asks nothing."""
    return isinstance(security, list) and bool(security) and all(security)


def named_in(security: Json) -> frozenset[str]:
    """The security schemes in any of the alternatives."""
    alternatives = security if isinstance(security, list) else []
    return frozenset(name for each in alternatives for name in as_object(each))
