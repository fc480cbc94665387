"""What paths call by a slug is found by its id as well, and not always asked whose it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.check import Check
from gate.run import gather, judge
from gate.testbed.external import external
from tests.targets.recipes import TOKENS, Recipes
from tests.targets.serving import actors, running, wsgi
from validators.channels.read_by_id import CHECK as READ_BY_ID
from validators.channels.write_by_id import CHECK as WRITE_BY_ID


@pytest.mark.parametrize(
    ("check", "method"),
    [(READ_BY_ID, "GET"), (WRITE_BY_ID, "PATCH"), (WRITE_BY_ID, "DELETE")],
    ids=["read", "change", "end"],
)
@pytest.mark.parametrize("flawed", [False, True], ids=["clean", "flawed"])
def test_an_object_is_tried_by_what_else_finds_it(
    check: Check, method: str, flawed: bool, tmp_path: Path
) -> None:
    text, environment = actors(TOKENS, "Authorization", "Bearer ")
    with running(wsgi(Recipes(f"{method} by id" if flawed else ""))) as base_url:
        file = tmp_path / "target.toml"
        file.write_text(f'name = "recipes"\nbase_url = "{base_url}"\n{text}', encoding="utf-8")
        with external(file, tmp_path, 11, environment) as testbed:
            result = judge(check, gather(check, testbed, lambda _: None))
    assert not result.failures
    assert {each.subject for each in result.findings} == (
        {f"{method} /recipes/{{slug}}"} if flawed else set()
    )
