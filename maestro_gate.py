"""Launcher of the `maestro` command: this checkout's packages win over same-named ones."""

import sys
from pathlib import Path


def main() -> None:
    """Put this file's folder first on the import path, then hand over to the command line."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from gate.cli import maestro  # noqa: PLC0415 - only now does the name mean our package

    maestro()


if __name__ == "__main__":
    main()
