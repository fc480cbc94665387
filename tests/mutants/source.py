"""How is the service's source changed in exactly one place?

Places are named by what stands there (an expression in a function, a text that occurs once), never
by line, so that they survive edits around them; one that is gone is an error and no skip.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULE = "the module"
Edits = Mapping[str, str]
Function = ast.FunctionDef


class AnchorError(LookupError):
    """The source has no such place any more, or more than one."""


@dataclass(frozen=True)
class Source:
    """One file of the service; `path` is relative to the checkout."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def functions(self) -> list[Function]:
        found = [node for node in self.nodes if isinstance(node, ast.FunctionDef)]
        return sorted(found, key=lambda each: each.lineno)

    def function(self, name: str) -> Function:
        found = [each for each in self.functions if each.name == name]
        if len(found) != 1:
            raise AnchorError(f"{self.path} has {len(found)} functions {name}")
        return found[0]

    def around(self, node: ast.expr) -> str:
        """The name of the innermost function around an expression, or MODULE."""
        holders = [each for each in self.functions if spans(each, node)]
        return holders[-1].name if holders else MODULE

    def swap_all(self, changes: Sequence[tuple[ast.expr, str]]) -> str:
        """The text with several expressions replaced, none of which is in another one."""
        changed = self
        # From the end, so that the places before stay where they are.
        for node, new in sorted(changes, key=lambda each: position(each[0]), reverse=True):
            changed = Source(self.path, changed.swap(node, new))
        return changed.text

    def segment(self, node: ast.expr | Function) -> str:
        return ast.get_source_segment(self.text, node) or ""

    def swap(self, node: ast.expr, new: str) -> str:
        """The text with another expression in the place of this one."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        lines = self.text.encode().splitlines(keepends=True)
        start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
        end = sum(map(len, lines[: node.end_lineno - 1])) + node.end_col_offset
        whole = self.text.encode()
        return (whole[:start] + new.encode() + whole[end:]).decode()

    def exactly(self, old: str, new: str, times: int = 1) -> str:
        """The text with `new` for `old`, which must occur this often."""
        found = self.text.count(old)
        if found != times:
            raise AnchorError(f"{self.path} has {old!r} {found} times and not {times}")
        return self.text.replace(old, new)


def spans(outer: Function, inner: ast.expr) -> bool:
    return outer.lineno <= inner.lineno and (inner.end_lineno or 0) <= (outer.end_lineno or 0)


def position(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


@cache
def source(path: str) -> Source:
    try:
        return Source(path, (ROOT / path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AnchorError(f"{path} is gone") from error


@cache
def sources() -> tuple[Source, ...]:
    """All of the service."""
    files = sorted((ROOT / "app").rglob("*.py"))
    return tuple(source(each.relative_to(ROOT).as_posix()) for each in files)


def anchored(path: str, old: str, new: str, times: int = 1) -> Edits:
    """The edit of one text in one file."""
    return {path: source(path).exactly(old, new, times)}


def changed(path: str, *edits: tuple[str, str]) -> Edits:
    """Several texts of one file, each of which occurs once."""
    text = source(path)
    for old, new in edits:
        text = Source(path, text.exactly(old, new))
    return {path: text.text}


def together(*edits: Edits) -> Edits:
    """Edits of different files as one."""
    merged: dict[str, str] = {}
    for each in edits:
        if merged.keys() & each.keys():
            raise AnchorError(f"two edits of {sorted(merged.keys() & each.keys())}")
        merged |= each
    return merged
