"""How is a run, or one check of it, held again?"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from gate.model import Provenance

FLAGS = frozenset({"--json"})
OF_THE_RUN = frozenset({"--out", "--key", "--seed"})
"""Options that belong to the one run: its folder is taken, its key is its owner's."""
OF_THE_WHOLE = frozenset({"--shard", "--history"})
"""Options that say nothing about a single check."""


def again(origin: Provenance, check: str | None = None) -> str:
    """The command that makes the same choices again, of all checks or of one; for a shell.

    A command that is no `maestro gate` is given as it was.
    """
    try:
        words = shlex.split(origin.command)
    except ValueError:
        return origin.command
    if words[:2] != ["maestro", "gate"]:
        return origin.command
    names, options = sort(words[2:])
    dropped = OF_THE_RUN if check is None else OF_THE_RUN | OF_THE_WHOLE
    kept = [word for pair in options if pair[0] not in dropped for word in pair]
    chosen = names if check is None else [check]
    return shlex.join([*words[:2], *chosen, *kept, "--seed", str(origin.seed)])


def sort(words: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The names among the words of a command, and its options with their values."""
    names, options = [], []
    rest = iter(words)
    for word in rest:
        if not word.startswith("--"):
            names.append(word)
        elif word not in FLAGS:
            options.append(option(word, rest))
    return names, options


def option(word: str, rest: Iterator[str]) -> tuple[str, str]:
    """An option and its value, which stands behind `=` or is the next word."""
    name, given, value = word.partition("=")
    return name, value if given else next(rest, "")
