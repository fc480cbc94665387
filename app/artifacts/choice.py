"""Which store does the configuration choose?"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from app.artifacts.bucket import Bucket
from app.artifacts.folder import PRIVATE, Folder
from app.artifacts.store import Store
from app.config import Config, ConfigError


def open_store(config: Config) -> Store:
    """The bucket when one is named, else the folder; `ConfigError` when that cannot be used."""
    if config.artifact_bucket is not None:
        return Bucket.connect(
            config.artifact_bucket, config.artifact_endpoint, config.artifact_region
        )
    if config.artifact_dir is not None:
        return Folder(_usable(Path(config.artifact_dir)))
    return Folder(_private(Path(tempfile.gettempdir(), f"maestro-artifacts-{os.getuid()}")))


def _usable(folder: Path) -> Path:
    try:
        folder.mkdir(PRIVATE, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError("MAESTRO_ARTIFACT_DIR names a folder that cannot be made.") from error
    return folder


def _private(folder: Path) -> Path:
    """The same folder for all workers of this user, in a place where others may have been first."""
    _usable(folder)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise ConfigError(f"MAESTRO_ARTIFACT_DIR is not set, and {folder} is not private.")
    return folder
