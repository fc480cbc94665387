"""How does a tenant of Maestro ML get a large body of work?"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from gate.testbed.process import Command
from gate.testbed.site import Site

CHECKOUT = Path(__file__).resolve().parents[2]
LONGEST = 3600.0
NEEDED = "MAESTRO_DATABASE_URL"


def seed(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Let the service's own tool seed a tenant of an installed database; its exit code.

    It talks to the terminal itself.
    """
    known = {NEEDED: environ[NEEDED]} if NEEDED in environ else {}
    argv = [sys.executable, "-m", "app", "seed", *arguments]
    return subprocess.run(argv, env=known, cwd=CHECKOUT, check=False).returncode


def fill(site: Site, app_url: str, tenant_id: str, arguments: Sequence[str]) -> str:
    """Seed a tenant of a testbed; the line that says how fast it was. SetupError when it fails."""
    command = Command(
        name="seed",
        argv=[sys.executable, "-m", "app", "seed", "--tenant", tenant_id, *arguments],
        env={NEEDED: app_url},
        folder=CHECKOUT,
    )
    site.run(command, within=LONGEST)
    said = (site.logs / "seed.log").read_text("utf-8").strip().splitlines()
    return said[-1].strip() if said else ""
