"""Does a newcomer get from the README's lines to a deployment, and back?"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gate.testbed.embedded import Embedded

README = Path(__file__).parents[2] / "README.md"
PLACE = re.compile(r"^BASE=.*$", re.MULTILINE)


def written() -> list[str]:
    """The lines of the README, in the order of the page, that talk to the service."""
    section = (
        README.read_text("utf-8").partition("## The service by itself")[2].partition("\n## ")[0]
    )
    found: list[str] = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return found


@pytest.fixture(scope="module")
def answers(testbed: Embedded, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the lines print: one answer a line."""
    key = testbed.actor(testbed.tenants[0]).credentials["Authorization"].removeprefix("Bearer ")
    first, *more = written()
    start = PLACE.sub(f"BASE={testbed.target.base_url} KEY=$GIVEN_KEY", first)
    # Each answer on a line of its own, also where the README does not need it.
    script = "\n".join([start, *more]).replace("\napi ", "\necho; api ")
    done = subprocess.run(
        ["/bin/sh", "-eu", "-c", script],
        env={"GIVEN_KEY": key, "PATH": "/usr/local/bin:/usr/bin:/bin"},
        cwd=tmp_path_factory.mktemp("newcomer"),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines() if line]


def test_no_line_is_refused(answers: list[dict[str, Any]]) -> None:
    assert [each for each in answers if "status" in each and "detail" in each] == []
    assert len(answers) == 7


def test_the_lines_end_with_the_first_version_rolled_back_to(
    answers: list[dict[str, Any]],
) -> None:
    *_, completed, version, promoted, rolled_back = answers
    assert version["artifact_ids"] == [completed["id"]]
    assert (promoted["version"], promoted["revision"]) == (2, 2)
    assert (rolled_back["version"], rolled_back["revision"]) == (1, 3)
