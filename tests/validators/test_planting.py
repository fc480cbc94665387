"""What the planter learns without being told, and what it sends for a seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gate.check import Answer
from gate.model import Json
from gate.run import gather, judge
from tests.targets.serving import target
from validators import CHECKS
from validators.document.operations import Operation, as_object, list_operations
from validators.document.relations import related
from validators.estates.envelope import Envelope
from validators.estates.estate import FULL, Estate, open_estate
from validators.estates.ledger import Ledger
from validators.estates.planting import is_collection, is_step, plant
from validators.estates.things import Thing
from validators.messages.bodies import Author, draw_canaries

FILE: Json = {
    "type": "object",
    "properties": {"path": {"type": "string"}, "size": {"type": "integer", "maximum": 99}},
    "required": ["path", "size"],
}
SUM: Json = {
    "type": "object",
    "properties": {"sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}},
    "required": ["sha256"],
}
PAIR: Json = {
    "type": "object",
    "properties": {"file_ids": {"type": "array", "minItems": 2, "items": {"type": "string"}}},
    "required": ["file_ids"],
}
NOTES = (("POST", ""), ("GET", "{id}/"))
LABELS: Json = {
    "type": "object",
    "properties": {"labels": {"additionalProperties": {"type": "string"}}},
}


def takes(schema: Json, media: str = "application/json") -> dict[str, Json]:
    return {"requestBody": {"content": {media: {"schema": schema}}}}


def gives(name: str) -> dict[str, Json]:
    schema: Json = {"$ref": f"#/components/schemas/{name}"}
    return {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}


def named(*names: str) -> dict[str, Json]:
    text: Json = {"type": "string"}
    return {
        "parameters": [{"in": "path", "name": n, "required": True, "schema": text} for n in names]
    }


BINARY: Json = {"type": "string", "format": "binary"}
DOCUMENT: Mapping[str, Json] = {
    "openapi": "3.1.0",
    "components": {
        "schemas": {
            "Transfer": {"type": "object", "properties": {"id": {"type": "string"}}},
            "File": {"type": "object", "properties": {"id": {"type": "string"}}},
        }
    },
    "paths": {
        "/transfers": {"post": {**takes(FILE), **gives("Transfer")}},
        "/transfers/{transfer_id}/parts/{part}": {
            "put": {**takes(BINARY, "application/octet-stream"), **named("transfer_id", "part")}
        },
        "/transfers/{transfer_id}:complete": {
            "post": {**takes(SUM), **gives("File"), **named("transfer_id")}
        },
        "/files/{file_id}": {"get": {**gives("File"), **named("file_id")}},
        "/files/{file_id}/labels/{label}": {"delete": named("file_id", "label")},
        "/files/{file_id}/names/{name}": {"put": {**takes(LABELS), **named("file_id", "name")}},
        "/files:compare": {"post": takes(PAIR)},
    },
}


@dataclass
class Vault:
    """A service whose files come in parts, with a sum at the end, and at most `room` at a time."""

    room: int = 9
    numbers: Iterator[int] = field(default_factory=lambda: count(70_000_001))
    transfers: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Json]:
        parts = path.strip("/").split("/")
        if path == "/transfers":
            made = {"id": f"t{next(self.numbers)}", "parts": [{"part": 1}], **body}
            self.transfers[made["id"]] = {**made, "content": None}
            return 201, made
        if len(parts) == 4 and parts[0] == "transfers":
            transfer = self.transfers.get(parts[1])
            if transfer is None or len(json.dumps(body)) != transfer["size"]:
                return 409, {}
            transfer["content"] = json.dumps(body).encode()
            return 204, None
        if path.endswith(":complete"):
            return self.complete(parts[1].partition(":")[0], body)
        if len(parts) == 4 and method == "PUT":
            return 200, None
        found = self.files.get(parts[-1])
        return (200, found) if found else (404, {})

    def complete(self, name: str, body: Any) -> tuple[int, Json]:
        content = self.transfers.get(name, {}).get("content")
        if content is None or hashlib.sha256(content).hexdigest() != body["sha256"]:
            return 409, {"detail": "not whole"}
        if len(self.files) >= self.room:
            return 409, {"detail": "full"}
        made = {"id": f"f{next(self.numbers)}", "path": self.transfers.pop(name)["path"]}
        self.files[made["id"]] = made
        return 201, made


@dataclass
class Caller:
    vault: Vault
    tenant: str = "red"
    role: str = "owner"
    credentials: Mapping[str, str] = field(default_factory=dict)

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Json = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 10.0,
    ) -> Answer:
        del headers, timeout
        status, said = self.vault.answer(method, path, body)
        text = "" if said is None else json.dumps(said)
        return Answer(status=status, headers={}, body=text, seconds=0.0)

    def curl(self, method: str, path: str, *, body: Json = None) -> str:
        return f"curl -X {method} {path} # {body}"


def operations() -> dict[str, Operation]:
    return {each.label: each for each in related(DOCUMENT, list_operations(DOCUMENT))}


def planted() -> tuple[Vault, Estate]:
    vault = Vault()
    estate = open_estate(Caller(vault), DOCUMENT, "seed", Envelope(), {})
    list(plant(estate, tuple(operations().values())))
    return vault, estate


def test_what_an_operation_makes_is_seen_from_the_schema_that_it_shares_with_a_read() -> None:
    found = {label: each.makes for label, each in operations().items() if each.makes}
    assert found == {"POST /transfers/{transfer_id}:complete": "file"}


def test_what_must_come_before_a_step_is_learned_and_done_for_each_new_object() -> None:
    vault, estate = planted()
    before = {label: each.label for label, each in estate.envelope.before.items()}
    parts = "PUT /transfers/{transfer_id}/parts/{part}"
    assert before == {"POST /transfers/{transfer_id}:complete": parts}
    known = len(vault.files)
    thing = next(each for each in estate.ledger.things if each.resource == "file")
    fresh = estate.renew(thing)
    assert fresh is not None
    assert fresh.id != thing.id
    assert len(vault.files) == known + 1


def test_a_name_that_only_a_put_brings_into_being_is_made_up_and_made_again() -> None:
    _, estate = planted()
    thing = next(each for each in estate.ledger.things if each.resource == "name")
    fresh = estate.renew(thing)
    assert fresh is not None
    assert fresh.id != thing.id
    assert estate.canaries.token in fresh.id


def test_a_path_may_end_in_a_slash() -> None:
    _, estate = planted()
    made, read = (Operation(method=each, path=f"/notes/{end}") for each, end in NOTES)
    assert is_collection(made, [made, read])
    whole, pinned = (
        Operation(method="POST", path=path) for path in ("/notes/{id}/", "/notes/{id}/finish/")
    )
    assert is_step(pinned, [pinned], estate)
    assert not is_step(whole, [whole], estate), "it is a change of it, and no step"


def test_two_objects_are_compared_with_each_other() -> None:
    _, estate = planted()
    for _ in range(2):
        thing = next(each for each in estate.ledger.things if each.resource == "file")
        fresh = estate.renew(thing)
        assert fresh is not None
        estate.ledger.take(fresh)
    call = estate.write(operations()["POST /files:compare"], (), recipe=FULL)
    first, second = as_object(call.body)["file_ids"]  # type: ignore[misc]
    assert first != second


def test_an_entry_of_a_map_is_known_by_its_mark_and_belongs_to_its_object() -> None:
    _, estate = planted()
    token = estate.canaries.token
    origin = next(each.origin for each in estate.ledger.things if each.resource == "file")
    assert origin is not None
    said = json.dumps({"id": "f99999999", "labels": {f"{token}900": "x", "fixed": "y"}})
    ledger = Ledger()
    estate.record(ledger, origin, Answer(status=201, headers={}, body=said, seconds=0), made=True)
    (entry,) = [each for each in ledger.things if each.resource == "label"]
    assert (entry.id, entry.parents["file"]) == (f"{token}900", "f99999999")


def test_an_older_spare_object_makes_room_where_a_tenant_may_have_only_so_many() -> None:
    vault, estate = planted()
    ending = replace(operations()["GET /files/{file_id}"], method="DELETE")
    estate.envelope.endings["file"] = ending
    gone: list[str] = []
    answer = vault.answer

    def removing(method: str, path: str, body: Any) -> tuple[int, Json]:
        if method == "DELETE":
            gone.append(path)
            vault.files.pop(path.rpartition("/")[2])
            return 204, None
        return answer(method, path, body)

    vault.answer = removing  # type: ignore[method-assign]
    thing = next(each for each in estate.ledger.things if each.resource == "file")
    vault.room = len(vault.files) + 1
    first, second = estate.renew(thing), estate.renew(thing)
    assert first is not None
    assert second is not None
    assert gone == [f"/files/{first.id}"]


@pytest.mark.parametrize(
    ("name", "method"), [("sha256", "sha256"), ("content_md5", "md5"), ("checksum", "sha256")]
)
def test_sums_and_sizes_are_those_of_the_content_that_is_sent(name: str, method: str) -> None:
    chance = Random(1)
    author = Author(
        document={}, chance=chance, canaries=draw_canaries(chance), refer=lambda _: None
    )
    sent = json.dumps(author.write(BINARY)).encode()
    assert author.write({"type": "integer"}, "size") == len(sent)
    assert author.write({"type": "string"}, name) == hashlib.new(method, sent).hexdigest()


def test_a_value_may_be_given_for_one_operation_alone() -> None:
    number: Json = {"type": "integer", "minimum": 0}
    given: dict[str, Json] = {"PUT /limits size_of_all": 50}
    estate = open_estate(Caller(Vault()), {}, "s", Envelope(), given)
    body: Json = {"properties": {"size_of_all": number}, "required": ["size_of_all"]}
    one, other = (
        Operation(method="PUT", path=path, body=as_object(body), media="application/json")
        for path in ("/limits", "/bounds")
    )
    assert estate.write(one, ()).body == {"size_of_all": 50}
    assert estate.write(other, ()).body == {"size_of_all": 1}


def test_a_part_is_matched_with_the_object_that_it_is_a_part_of() -> None:
    ledger = Ledger()
    ledger.take(Thing(resource="run", fields={"id": "r1"}))
    ledger.take(Thing(resource="tag", fields={"key": "of-project"}, parents={"project": "p1"}))
    ledger.take(Thing(resource="tag", fields={"key": "of-run"}, parents={"run": "r1"}))
    operation = Operation(method="DELETE", path="/runs/{run_id}/tags/{tag}")
    assert next(ledger.fill(operation)) == ("r1", "of-run")


COMPARED = {"isolation.read-by-id", "isolation.list-leak", "isolation.write-by-id"}


def told(folder: Path) -> tuple[list[tuple[str, str, Json, Json]], set[str]]:
    """Which attacks on which operations the checks made, in order, and what they found."""
    folder.mkdir()
    kinds, findings = [], set()
    with target("shop", "read-product", folder) as testbed:
        for check in CHECKS:
            if check.id in COMPARED:
                record = gather(check, testbed, lambda _: None)
                kinds += [
                    (each.kind, each.subject, each.data.get("ids"), each.data.get("round"))
                    for each in record.observations
                ]
                findings |= {found.key for found in judge(check, record).findings}
    return kinds, findings


def test_the_same_seed_makes_the_same_attacks_and_findings(tmp_path: Path) -> None:
    one, other = told(tmp_path / "one"), told(tmp_path / "other")
    assert one == other
    assert one[1] == {"isolation.read-by-id:foreign-read:GET /products/{product_id}"}
