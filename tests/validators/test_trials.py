"""When is a change the attack's doing, and how is a finding shown?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from gate.check import Answer
from gate.model import Doubt, Finding, Json, Observation, Outcome, Result
from gate.run import gather, judge
from gate.testbed.embedded import Embedded
from gate.testbed.external import external
from tests.targets.notes import Notes
from tests.targets.serving import REGISTER, plain, running, target
from validators import CHECKS
from validators.channels import read_by_id, write_by_id
from validators.crossing import foreign_writes
from validators.crossing.aims import Aim
from validators.crossing.confirming import repeat
from validators.crossing.foreign_writes import fight
from validators.crossing.trials import ROUNDS, attack
from validators.document.operations import Operation
from validators.estates.envelope import Envelope
from validators.estates.estate import open_estate
from validators.estates.ground import Duel, stand
from validators.estates.states import changes, look, telling, unrest, watch
from validators.judging import AGAIN, judge_effects
from validators.messages.calls import Call

BY_ID = {check.id: check for check in CHECKS}


@pytest.mark.parametrize(
    ("effects", "rounds"),
    [([False], 1), ([True, True], 2), ([True, False, True], 3), ([True, False, False], 3)],
)
def test_an_attempt_is_repeated_until_it_had_an_effect_twice_or_twice_none(
    effects: list[bool], rounds: int
) -> None:
    facts = list(repeat(lambda turn: ([Observation(kind=str(turn), subject="x")], effects[turn])))
    assert [each.kind for each in facts] == [str(turn) for turn in range(rounds)]
    assert rounds <= ROUNDS
    assert AGAIN < ROUNDS


def record(*hits: int, rounds: int) -> list[Observation]:
    foreign = next(each for each in write_by_id.CLEAN if each.kind == "foreign-write")
    others = [each for each in write_by_id.CLEAN if each.kind != "foreign-write"]
    changed: Json = [write_by_id.SEEN]
    tries = [
        replace(
            foreign,
            data={**foreign.data, "round": turn, "changed": changed if turn in hits else []},
        )
        for turn in range(rounds)
    ]
    return [*others, *tries]


def test_an_effect_that_two_more_attempts_do_not_show_happened_by_itself() -> None:
    said = list(write_by_id.CHECK.judge(record(0, rounds=3)))
    assert not [each for each in said if isinstance(each, Finding | Doubt)]
    (finding,) = [
        each
        for each in write_by_id.CHECK.judge(record(0, 2, rounds=3))
        if isinstance(each, Finding)
    ]
    assert finding.rule == "foreign-write"


def test_a_leak_that_new_objects_do_not_show_is_a_doubt() -> None:
    leak: Json = {"headers": [], "body": ["canary"]}
    once = read_by_id.spoil(2, status=200, traces=leak)
    again = replace(read_by_id.CLEAN[2], data={**read_by_id.CLEAN[2].data, "round": 1})
    said = list(read_by_id.CHECK.judge([*once, again]))
    assert "a leak was seen once, and not again with new objects" in {
        each.reason for each in said if isinstance(each, Doubt)
    }
    assert not [each for each in said if isinstance(each, Finding) and each.rule == "foreign-read"]


@dataclass
class Jobs:
    """A job that goes on by itself, and a note that does not."""

    done: int = 0
    running: bool = True
    note: str = "a"
    tenant: str = "red"
    role: str = "owner"
    credentials: Mapping[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, **_: Any) -> Answer:
        del method
        if path == "/job":
            self.done += self.running
        shown = {"done": self.done} if path == "/job" else {"note": self.note}
        return Answer(status=200, headers={}, body=json.dumps(shown), seconds=0.0)

    def curl(self, method: str, path: str, *, body: Json = None) -> str:
        return f"curl -X {method} {path} # {body}"


VIEWS = tuple(Call(operation=Operation(method="GET", path=path)) for path in ("/job", "/note"))


def effect(*, running: bool, attack: bool) -> list[str]:
    """What is telling when the job starts to run, and perhaps the note changes, meanwhile."""
    service = Jobs(running=False)
    estate = open_estate(service, {}, "s", Envelope(), {})
    before, quiet = look(estate, VIEWS), look(estate, VIEWS)
    service.done, service.running = service.done + 1, running
    service.note = "b" if attack else "a"
    after = look(estate, VIEWS)
    return telling(changes(quiet, after), unrest(estate, VIEWS, before, quiet, after))


def test_what_goes_on_moving_was_not_moved_by_the_attack() -> None:
    assert effect(running=True, attack=False) == []
    assert effect(running=True, attack=True) == ["GET /note $.note"]
    assert effect(running=False, attack=False) == ["GET /job $.done"]


def test_a_view_that_moves_while_nobody_attacks_is_known_for_that() -> None:
    service = Jobs(running=True)
    estate = open_estate(service, {}, "s", Envelope(), {})
    watch(estate, VIEWS, [], {"GET /job"}, 0.0)
    assert estate.restless == {"GET /job"}


def result_of(service: str, flaw: str, check: str, folder: Path) -> Result:
    with target(service, flaw, folder) as testbed:
        return judge(BY_ID[check], gather(BY_ID[check], testbed, lambda _: None))


def test_a_write_is_shown_in_both_directions_between_looks_of_its_owner_with_little_sent(
    tmp_path: Path,
) -> None:
    result = result_of("shop", "patch-product", "isolation.write-by-id", tmp_path)
    (finding,) = [each for each in result.findings if each.rule == "foreign-write"]
    assert all(f"{who} with foreign ids got" in finding.detail for who in ("red", "blue"))
    first = finding.evidence[0].reproduce.split("; curl ")
    assert len(first) == len(("before", "the attack", "after"))
    assert "RED_OWNER" in first[0] or "BLUE_OWNER" in first[0]
    sent = first[1].partition("--data-raw ")[2].partition("' ")[0].strip("'")
    assert len(json.loads(sent)) == 1


def test_a_leaking_read_is_tried_again_on_an_object_made_anew(tmp_path: Path) -> None:
    with target("shop", "read-product", tmp_path) as testbed:
        seen = gather(BY_ID["isolation.read-by-id"], testbed, lambda _: None).observations
    leaks = [
        each
        for each in seen
        if each.kind == "foreign-read" and "canary" in str(each.data["traces"])
    ]
    assert {each.data.get("round") for each in leaks} == {None, 1}
    assert len({str(each.data["curl"]) for each in leaks}) > 1


def test_what_the_owner_of_a_target_leaves_out_is_not_covered(tmp_path: Path) -> None:
    left_out = '[hints]\nleave_out = ["GET /notes/{noteId}"]\n'
    with running(plain(Notes())) as base_url:
        file = tmp_path / "target.toml"
        text = f'name = "notes"\nbase_url = "{base_url}"\n{REGISTER}{left_out}'
        file.write_text(text, encoding="utf-8")
        with external(file, tmp_path, 2, {}) as testbed:
            check = BY_ID["isolation.read-by-id"]
            result = judge(check, gather(check, testbed, lambda _: None))
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "GET /notes/{noteId}" in {doubt.subject for doubt in result.doubts}


def test_a_tenant_is_ended_only_where_it_was_made_for_that(testbed: Embedded) -> None:
    ground = stand(testbed)
    duel, _ = ground.duels()
    label = "DELETE /v1/tenants/{tenant_id}"
    operation = next(each for each in ground.operations if each.label == label)
    facts = list(fight(duel, operation))
    (control,) = [each for each in facts if each.kind == "owned-write"]
    attack, tagged = [each for each in facts if each.kind == "foreign-write"]
    assert tagged.data["ids"] == "foreign (and a wrong ETag)"
    assert (tagged.data["status"], tagged.data["effect"]) == (404, False)
    assert control.data["positive"]
    assert (attack.data["status"], attack.data["effect"]) == (404, False)
    assert attack.data["victim"] == duel.victim.client.tenant
    for tenant in testbed.tenants:
        assert testbed.actor(tenant).request("GET", "/v1/me").status == 200


def test_what_moves_by_itself_once_beside_a_wrong_tag_is_tried_again_and_then_no_doubt(
    testbed: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    duel, _ = stand(testbed).duels()
    operation = next(
        each for each in duel.ground.operations if each.label == "DELETE /v1/projects/{project_id}"
    )
    tried: list[Aim] = []

    def with_a_job_that_ends(duel: Duel, aim: Aim, turn: int) -> tuple[list[Observation], bool]:
        facts, hit = attack(duel, aim, turn)
        tried.extend([aim] if aim.label == foreign_writes.WRONG_TAG else ())
        if tried != [aim]:
            return facts, hit
        moved: dict[str, Json] = {"effect": True, "changed": ["GET /v1/jobs $.items[].state"]}
        return [replace(each, data={**each.data, **moved}) for each in facts], True

    monkeypatch.setattr(foreign_writes, "attack", with_a_job_that_ends)
    facts = list(fight(duel, operation))
    attacks = [(n, each) for n, each in enumerate(facts) if each.kind == "foreign-write"]
    assert any(each.data["effect"] for _, each in attacks)
    assert list(judge_effects(operation.label, attacks, write_by_id.WRITE)) == []


def test_a_number_that_the_caller_has_at_his_own_parent_is_not_the_victim_s(
    testbed: Embedded,
) -> None:
    duel, _ = stand(testbed).duels()
    label = "DELETE /v1/models/{model_id}/versions/{version}"
    operation = next(each for each in duel.ground.operations if each.label == label)
    own = next(duel.attacker.ledger.match(operation))[-1]
    for _ in range(20):
        assert duel.attacker.renew(own)
    attacks = [each for each in fight(duel, operation) if each.kind == "foreign-write"]
    assert attacks
    assert not any(each.data["granted"] for each in attacks)


def test_every_step_of_maestro_ml_has_its_way_there(testbed: Embedded) -> None:
    ground = stand(testbed)
    before = {label: each.label for label, each in ground.envelope.before.items()}
    assert before["POST /v1/uploads/{upload_id}:complete"] == (
        "PUT /v1/uploads/{upload_id}/parts/{part}"
    )
    assert "POST /v1/deployments/{deployment_id}:rollback" in before
    makes = {each.label: each.makes for each in ground.operations if each.makes}
    assert makes == {
        "POST /v1/exports": "job",
        "POST /v1/purges": "job",
        "POST /v1/uploads/{upload_id}:complete": "artifact",
    }
    assert not any(ground.hints.leaves_out(each.label) for each in ground.declared)
