"""Is a text an OpenAPI document, in JSON or in YAML?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from gate.errors import SetupError, UsageError
from gate.model import Json

FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TRUTH = re.compile(r"true|True|TRUE|false|False|FALSE")


class Loader(FAST):  # type: ignore[misc]
    """YAML as OpenAPI means it (YAML 1.2, JSON schema): a date is a text, `no` is a word."""


Loader.yaml_implicit_resolvers = {
    letter: [each for each in known if not each[0].endswith((":timestamp", ":bool"))]
    for letter, known in FAST.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", TRUTH, list("tTfF"))


def read_document(text: str, where: str, status: str = "") -> Mapping[str, Json]:
    """The document that a text is; SetupError says what it is instead, and with which status."""
    found = parsed(text)
    if not isinstance(found, dict):
        kind = "an HTML page" if text.lstrip()[:1] == "<" else "neither JSON nor YAML of one"
        raise SetupError(f"{where} is no OpenAPI document{status}, but {kind}.")
    if "swagger" in found:
        raise SetupError(
            f"{where} is Swagger {found['swagger']}; Maestro reads OpenAPI 3. Convert it, for "
            'example with swagger2openapi, and name the file as openapi = "openapi.json".'
        )
    if not isinstance(found.get("paths"), dict) or not found["paths"]:
        raise SetupError(f"{where} is no OpenAPI document{status}: it has no paths.")
    return found


def read_file(file: Path) -> Mapping[str, Json]:
    """The document in a file; UsageError when it cannot be read."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}.") from error
    return read_document(text, str(file))


def parsed(text: str) -> Json:
    """The value that a JSON or YAML text holds; None when it is neither."""
    try:
        value: Json = json.loads(text)
    except ValueError:
        try:
            value = plain(yaml.load(text, Loader=Loader))  # noqa: S506 - built on the safe loader
        except (yaml.YAMLError, ValueError, RecursionError):
            return None
    return value


def plain(value: Any) -> Json:
    """A YAML value as JSON has it: names are texts (`200:` in `responses`)."""
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
