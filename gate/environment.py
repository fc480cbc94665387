"""Under which circumstances was a run held? For `environment.json`; never a secret."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

import psutil

from gate.redaction import mask

# Told with their values: where a run came from, and what changes how programs behave.
SHOWN = (
    "BUILD_TAG",
    "CI",
    "CI_COMMIT_SHA",
    "CI_PIPELINE_ID",
    "CI_PROJECT_PATH",
    "GITHUB_REPOSITORY",
    "GITHUB_RUN_ID",
    "GITHUB_SHA",
    "GIT_COMMIT",
    "LANG",
    "TZ",
)
# Told only whether they are set: their values are secret, or may hold a secret.
NAMED = ("AWS_ENDPOINT_URL", "MAESTRO_DATABASE_URL", "MAESTRO_REDIS_URL", "MAESTRO_SIGNING_KEY")


def describe(variables: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, Any]:
    """Versions, machine, configuration; `options` are the run's own, without secrets."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "libraries": libraries(),
        "variables": {
            **{name: mask(variables[name]) for name in SHOWN if name in variables},
            **{name: "set" if variables.get(name) else "not set" for name in NAMED},
        },
        "options": dict(options),
    }


def libraries() -> dict[str, str]:
    """The installed version of every library that Maestro declares."""
    found = {}
    for line in requires("maestro-gate") or ():
        name = re.split(r"[\s;\[<>=!~(]", line, maxsplit=1)[0]
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return dict(sorted(found.items()))
