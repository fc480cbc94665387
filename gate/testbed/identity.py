"""As whom does a server run that refuses to run as root?"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate.errors import SetupError


@dataclass(frozen=True, slots=True)
class Identity:
    """A user and group to run as, or nobody else than ourselves."""

    user: int | None = None
    group: int | None = None

    def of_process(self) -> dict[str, Any]:
        """The keyword arguments for `subprocess`."""
        if self.user is None:
            return {}
        return {"user": self.user, "group": self.group, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give a file, or a folder with all in it, to this identity."""
        if self.user is None or self.group is None:
            return
        os.chown(path, self.user, self.group, follow_symlinks=False)
        for folder, names, files in os.walk(path):
            for name in (*names, *files):
                os.chown(
                    os.path.join(folder, name),  # noqa: PTH118 - thousands of files
                    self.user,
                    self.group,
                    follow_symlinks=False,
                )

    def may_enter(self, path: Path) -> bool:
        """Can it reach a file or folder below all these parents?"""
        if self.user is None:
            return True
        return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


OURSELVES = Identity()


def unprivileged() -> Identity:
    """The user `nobody` when we are root, ourselves otherwise; SetupError without `nobody`."""
    if os.geteuid() != 0:
        return OURSELVES
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise SetupError(
            "PostgreSQL refuses to run as root and this machine has no user `nobody`."
        ) from None
    return Identity(nobody.pw_uid, nobody.pw_gid)
