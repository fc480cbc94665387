from __future__ import annotations

import importlib
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = (
    "app",
    "chaos",
    "gate",
    "loadtests",
    "recovery",
    "reports",
    "security_tests",
    "validators",
)


@pytest.mark.parametrize("name", OURS)
def test_nobody_else_owns_our_folder_names(name: str) -> None:
    assert set(packages_distributions().get(name, ())) <= {"maestro-gate"}


@pytest.mark.parametrize("name", OURS)
def test_an_import_finds_our_folder(name: str) -> None:
    found = importlib.import_module(name).__file__
    assert found is not None
    assert Path(found).is_relative_to(ROOT)


def test_no_module_is_named_like_a_library_it_uses() -> None:
    libraries = {"redis", "locust", "hypothesis", "json", "types", "schemathesis", "flask"}
    ours = {path.stem for name in OURS for path in (ROOT / name).rglob("*.py")}
    assert not ours & libraries


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    """Locust patches the standard library on import; a gate's own process must stay clean."""
    heavy = {"locust", "gevent", "schemathesis"}
    code = f"import sys, gate.cli; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
