"""What is written must be what is: pages, help, README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from gate.catalogue import CHECKS
from gate.check import Check
from gate.cli import commands
from gate.explain import explain
from gate.session import ROOT

PAGES = ROOT / "docs" / "checks"


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.id)
def test_every_check_has_its_page(check: Check) -> None:
    assert (PAGES / f"{check.id}.md").read_text() == explain(check), "run `tox -e docs`"


def test_no_page_is_left_of_a_check_that_is_gone() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == set(CHECKS)


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text()
    for name in commands.commands:
        assert f"`maestro {name}" in readme, name


def test_every_option_and_command_has_help() -> None:
    for name in commands.commands:
        shown = CliRunner().invoke(commands, [name, "--help"])
        assert shown.exit_code == 0
        assert len(shown.output.splitlines()) > 4


def test_links_between_documents_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / Path(link)).exists(), f"{page.name}: {link}"


def test_the_architecture_page_stays_short() -> None:
    assert len((ROOT / "docs" / "ARCHITECTURE.md").read_text().splitlines()) <= 80
