"""What users paste into their CI must work: its files parse, and its shell lines are run here.

The CI servers themselves, and a container engine, are not here to be asked.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from gate import bundle
from gate.session import ROOT
from reports import FORMATS
from tests.gate.leaky import leaky_service
from tests.gate.test_hold import POLICY, target_at

CI = ROOT / "deploy" / "ci"
ACTION: dict[str, Any] = yaml.safe_load((CI / "github" / "action.yml").read_text())
GITLAB: dict[str, Any] = yaml.safe_load((CI / "gitlab.yml").read_text())
JENKINS = (CI / "Jenkinsfile").read_text()
CONTAINER = (CI / "Containerfile").read_text()


@pytest.fixture
def variables(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A job's environment, with a service and a policy that make the gate quick."""
    (tmp_path / "policy.toml").write_text(POLICY)
    maestro = Path(sys.executable).with_name("maestro")
    with leaky_service() as base_url:
        yield {
            "PATH": os.environ["PATH"],
            "MAESTRO": str(maestro),
            "MAESTRO_PROFILE": "standard",
            "CI_PIPELINE_IID": "7",
            "MAESTRO_TARGET": str(target_at(tmp_path, base_url)),
            "MAESTRO_POLICY": str(tmp_path / "policy.toml"),
            "TOKEN": "a-token-of-some-length",
        }


def shell(line: str, folder: Path, variables: Mapping[str, str]) -> int:
    done = subprocess.run(
        ["sh", "-e", "-c", line], cwd=folder, env=variables, capture_output=True, check=False
    )
    return done.returncode


def checkout(folder: Path) -> Path:
    """A place in which `deploy/ci/maestro.sh` is where the job expects it."""
    shutil.copytree(CI, folder / "job" / "deploy" / "ci")
    return folder / "job"


def test_the_github_action_gates_and_writes_the_summary(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    steps = {step.get("name"): step for step in ACTION["runs"]["steps"]}
    inputs = {name: each["default"] for name, each in ACTION["inputs"].items()}
    inputs |= {"target": variables["MAESTRO_TARGET"], "policy": variables["MAESTRO_POLICY"]}
    given = variables | {
        "GITHUB_ACTION_PATH": str(CI / "github"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }
    for name, code in (("Gate", 10), ("Summary", 0)):
        env = {key: filled(value, inputs, tmp_path) for key, value in steps[name]["env"].items()}
        assert shell(steps[name]["run"], tmp_path, given | env) == code
    assert "## FAIL" in (tmp_path / "summary").read_text()
    assert (tmp_path / "maestro-evidence" / bundle.SUMS).exists()


def filled(value: str, inputs: Mapping[str, str], temp: Path) -> str:
    """An expression as GitHub fills it in."""
    value = value.replace("${{ runner.temp }}", str(temp))
    return re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: inputs[found[1]], value)


def test_the_github_action_never_puts_an_input_into_a_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert step.get("shell") == "sh" or "uses" in step
    for step in ACTION["runs"]["steps"][2:]:
        assert step["if"].startswith("always()")


def test_gitlab_s_shards_merge_to_a_verdict(tmp_path: Path, variables: dict[str, str]) -> None:
    job = checkout(tmp_path)
    shard, merge = GITLAB["maestro-shard"], GITLAB["maestro"]
    for index in range(1, shard["parallel"] + 1):
        node = {"CI_NODE_INDEX": str(index), "CI_NODE_TOTAL": str(shard["parallel"])}
        code = shell("\n".join(shard["script"]), job, variables | node)
        assert code in shard["allow_failure"]["exit_codes"]
    assert shell("\n".join(merge["script"]), job, variables) == 10
    assert (job / merge["artifacts"]["reports"]["junit"]).exists()
    assert merge["when"] == "always"


def test_the_jenkins_pipeline_gates(tmp_path: Path, variables: dict[str, str]) -> None:
    job = checkout(tmp_path)
    lines = re.findall(r"sh '([^']+)'", JENKINS)
    assert [shell(line, job, variables) for line in lines] == [0, 10]
    (results,) = re.findall(r"junit testResults: '([^']+)'", JENKINS)
    assert (job / results).exists()
    assert JENKINS.count("{") == JENKINS.count("}")


@pytest.mark.skipif("sarif" not in FORMATS, reason="this format is not there yet")
def test_the_files_that_ci_servers_pick_up_are_made() -> None:
    made = {each.filename for each in FORMATS.values()}
    texts = [(CI / name).read_text() for name in ("github/action.yml", "gitlab.yml", "Jenkinsfile")]
    named = {name for text in texts for name in re.findall(r"maestro-evidence/([\w.-]+)", text)}
    assert named
    assert named <= made


def test_the_container_is_not_root() -> None:
    lines = re.sub(r"\\\n\s*", " ", CONTAINER).splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    known = {"FROM", "ENV", "RUN", "USER", "COPY", "WORKDIR", "ENTRYPOINT", "CMD"}
    assert {word for word, _ in steps} <= known
    assert [rest for word, rest in steps if word == "USER"][-1] not in {"0", "root"}
    base = next(rest for word, rest in steps if word == "FROM")
    assert re.fullmatch(r"\S+:\d+\.\d+[\w.-]*", base)
    for word, rest in steps:
        if word == "RUN":
            assert subprocess.run(["sh", "-n", "-c", rest], check=False).returncode == 0


def test_the_shell_script_installs_from_the_lock_file() -> None:
    script = CI / "maestro.sh"
    assert subprocess.run(["sh", "-n", script], check=False).returncode == 0
    assert os.access(script, os.X_OK)
    assert "--constraint" in script.read_text()
