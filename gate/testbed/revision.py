"""Which revision of the service is this?"""

from __future__ import annotations

import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

DESCRIBE = ("git", "describe", "--always", "--dirty", "--tags")


def revision_of(checkout: Path) -> str:
    """What git calls the checkout, else the installed version, else "unknown"."""
    try:
        described = subprocess.run(
            DESCRIBE, cwd=checkout, capture_output=True, text=True, check=False
        ).stdout.strip()
    except FileNotFoundError:  # no git on this machine
        described = ""
    return described or installed_version()


def installed_version() -> str:
    """The version of the installed distribution."""
    try:
        return version("maestro-gate")
    except PackageNotFoundError:
        return "unknown"
