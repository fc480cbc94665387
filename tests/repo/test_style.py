"""The house rules that no linter of ours knows."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "app",
    "chaos",
    "gate",
    "loadtests",
    "recovery",
    "reports",
    "security_tests",
    "validators",
)
FILES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
EDGES = {"gate/cli.py", "app/__main__.py", "app/config.py", "app/worker.py", "app/wsgi.py"}
# Programs of their own, started as subprocesses: their environment is their argument.
PROGRAMS = {"loadtests/bench/closed.py", "loadtests/flood.py", "loadtests/locustfile.py"}


def of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)
        elif isinstance(node, ast.Attribute):
            yield ast.unparse(node)


@pytest.mark.parametrize("path", FILES, ids=of)
def test_printing_exiting_and_the_environment_stay_at_the_edge(path: Path) -> None:
    if of(path) in EDGES | PROGRAMS:
        return
    used = set(calls(ast.parse(path.read_text())))
    assert not used & {"print", "sys.exit", "sys.argv", "os.environ", "os.getenv", "exit"}


@pytest.mark.parametrize("path", FILES, ids=of)
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 350
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < 60, node.name


@pytest.mark.parametrize("path", FILES, ids=of)
def test_names_say_what_things_are(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert path.stem not in {"utils", "helpers", "common", "misc"}
    assert not any(isinstance(node, ast.Global) for node in ast.walk(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            assert not node.name.endswith(("Manager", "Handler", "Helper")), node.name


@pytest.mark.parametrize("path", FILES, ids=of)
def test_every_module_says_which_question_it_answers(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))
