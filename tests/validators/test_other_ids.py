"""What paths call by a slug is found by its id as well, and not always asked whose it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.check import Check
from gate.run import gather, judge
from gate.testbed.external import external
from tests.targets.recipes import TOKENS, Recipes
from tests.targets.serving import actors, running, wsgi
from validators.channels.body_reference import CHECK as BODY_REFERENCE
from validators.channels.read_by_id import CHECK as READ_BY_ID
from validators.channels.write_by_id import CHECK as WRITE_BY_ID


def subjects(check: Check, flaw: str, hints: str, folder: Path) -> set[str]:
    text, environment = actors(TOKENS, "Authorization", "Bearer ")
    with running(wsgi(Recipes(flaw))) as base_url:
        file = folder / "target.toml"
        where = f'name = "recipes"\nbase_url = "{base_url}"\n'
        file.write_text(where + text + hints, encoding="utf-8")
        with external(file, folder, 11, environment) as testbed:
            result = judge(check, gather(check, testbed, lambda _: None))
    assert not result.failures
    return {each.subject for each in result.findings}


@pytest.mark.parametrize(
    ("check", "method"),
    [(READ_BY_ID, "GET"), (WRITE_BY_ID, "PATCH"), (WRITE_BY_ID, "DELETE")],
    ids=["read", "change", "end"],
)
@pytest.mark.parametrize("flawed", [False, True], ids=["clean", "flawed"])
def test_an_object_is_tried_by_what_else_finds_it(
    check: Check, method: str, flawed: bool, tmp_path: Path
) -> None:
    found = subjects(check, f"{method} by id" if flawed else "", "", tmp_path)
    assert found == ({f"{method} /recipes/{{slug}}"} if flawed else set())


@pytest.mark.parametrize(
    ("flaw", "expected"), [("", set()), ("bulk by slug", {"POST /recipes/bulk-delete"})]
)
def test_a_body_names_an_object_by_its_slug_where_its_id_is_refused(
    flaw: str, expected: set[str], tmp_path: Path
) -> None:
    assert subjects(BODY_REFERENCE, flaw, "", tmp_path) == expected


@pytest.mark.parametrize("hint", ["public", "shared"])
def test_what_the_target_file_says_is_everybody_s_is_no_finding(hint: str, tmp_path: Path) -> None:
    hints = f'[hints]\n{hint} = ["PATCH /recipes/{{slug}}"]\n'
    assert subjects(WRITE_BY_ID, "PATCH by id", hints, tmp_path) == set()
