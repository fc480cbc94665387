"""Is each flaw of the held-out services really there, and is its operation the one to blame?"""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from werkzeug.test import Client

from tests.targets import (
    heldout_bazaar_attacks,
    heldout_board_attacks,
    heldout_campus_attacks,
    heldout_garage_attacks,
    heldout_invoicing,
    heldout_payroll_attacks,
    heldout_payroll_core,
)
from tests.targets.heldout import document
from tests.targets.heldout_attacks import CLINIC, HELPDESK, INVOICING, WAREHOUSE, Step
from tests.targets.heldout_garage import garage
from tests.targets.heldout_serving import DESCRIBED, SERVED, heldout
from tests.targets.playing import client, foreseeable

STEPS = {
    "helpdesk": HELPDESK,
    "invoicing": INVOICING,
    "clinic": CLINIC,
    "warehouse": WAREHOUSE,
    "garage": heldout_garage_attacks.GARAGE,
    "bazaar": heldout_bazaar_attacks.BAZAAR,
    "board": heldout_board_attacks.BOARD,
    "payroll": heldout_payroll_attacks.PAYROLL,
    "campus": heldout_campus_attacks.CAMPUS,
}
KEYS = {
    "helpdesk": {
        "v": "Bearer desk_na_51c2",
        "a": "Bearer desk_sa_77d1",
        "l": "Bearer desk_sg_2b9e",
    },
    "invoicing": {
        "v": "bk_live_mill_owner",
        "a": "bk_live_forge_owner",
        "l": "bk_live_forge_clerk",
    },
    "clinic": {"v": "Bearer cl-alice-0d3f", "a": "Bearer cl-bruno-9a2e", "l": "Bearer cl-ben-71c0"},
    "warehouse": {
        "v": "Token wh_orion_m_4f11",
        "a": "Token wh_lyra_m_6d2c",
        "l": "Token wh_lyra_p_13be",
    },
    "garage": {"v": "Bearer gar_ann_3b7a45c6", "a": "Bearer gar_bob_c19f20aa", "n": "nobody"},
    "bazaar": {"v": "Bearer {v}", "a": "Bearer {a}", "n": "nobody"},
    "board": {
        "v": "Bearer sess_nora_c4b8e12f",
        "a": "Bearer sess_sam_2e6a55cd",
        "l": "Bearer sess_sue_7b1c0934",
        "n": "nobody",
    },
    "payroll": {who: f"Bearer {{{who}}}" for who in "vamlc"} | {"n": "nobody"},
    "campus": {
        "v": "Bearer cs_ola_4e1b90",
        "w": "Bearer cs_sid_19fa3d",
        "a": "Bearer cs_eva_c06d5e",
        "m": "Bearer cs_tia_52be18",
        "t": "Bearer cs_tia_52be18",
        "l": "Bearer cs_sue_8a9f47",
        "c": "Bearer cs_sam_ee3021",
        "n": "nobody",
    },
}
# What the services say that they answer with success, to whoever asks, without any effect.
HARMLESS = {
    "garage": set[str](),
    "bazaar": {
        "PUT /users/v1/{username}/password",
        "DELETE /messages/v1/{messageId}",
        "POST /orders/v1/{orderId}/return",
    },
    "board": {"DELETE /w/{workspace}/searches/{searchId}"},
    "payroll": heldout_payroll_attacks.HARMLESS,
    "campus": heldout_campus_attacks.HARMLESS,
}
HOMES = {
    "garage": "GET /users/me",
    "bazaar": "GET /wallet/v1",
    "board": "GET /me",
    "payroll": "POST /api/auth.test",
    "campus": "GET /me",
    "deals": "GET /me",
    "fleet": "GET /v1/whoami",
}
MULTIPART = "multipart/form-data"
WAYS = {
    "application/json": "json",
    "application/x-www-form-urlencoded": "data",
    "text/csv": "data",
    MULTIPART: "data",
}
# Later sets are played in tests/targets/test_blind_flaws.py, where a query can be said as well.
PLAYED = {service: module for service, module in SERVED.items() if service in STEPS}
FLAWS = [(service, flaw) for service, module in PLAYED.items() for flaw in module.FLAWS]


def declared(service: str) -> dict[str, Any]:
    if service == "payroll":
        return heldout_payroll_core.document()
    return garage().openapi() if service == "garage" else document(service)


def filled(value: Any, kept: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: filled(one, kept) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, kept) for one in value]
    if isinstance(value, str) and value.startswith("{") and value[1:-1] in kept:
        return kept[value[1:-1]]
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda found: str(kept.get(found[1], found[0])), value)
    return value


def found(body: Any, name: str) -> Any:
    """The first value called so, at any depth."""
    if isinstance(body, dict):
        inner = [body[name]] if body.get(name) else [found(one, name) for one in body.values()]
    else:
        inner = [found(one, name) for one in body] if isinstance(body, list) else []
    return next((one for one in inner if one is not None), None)


def sent(service: str, made: Any, step: Step, kept: dict[str, Any]) -> tuple[int, Any]:
    who, operation, values, body, headers, _ = step
    body, headers = filled(body, kept), filled(headers, kept)
    method, path = operation.split(" ")
    key = filled(KEYS[service][who], kept)
    if service == "invoicing":
        return 200, made.call(path.removeprefix("/api/"), key, body)
    path = path.format(**filled(values, kept))
    if service in DESCRIBED:
        return asked(made, method, path, {"Authorization": key, **headers}, body)
    data = {"query_string": body} if method == "GET" else {"json": body}
    given = {"headers": {"Authorization": key, **headers}, "method": method}
    answer = made.open(path, **given, **(data if body is not None else {}))
    return answer.status_code, answer.get_json(silent=True) or answer.text


def asked(
    made: Client, method: str, path: str, headers: dict[str, str], body: Any
) -> tuple[int, Any]:
    kind = headers.get("Content-Type", "application/json")
    if kind == MULTIPART:
        body = {"file": (BytesIO(body["file"].encode()), "file.txt")}
    way = "query_string" if method == "GET" else WAYS[kind]
    answer = made.open(path, method=method, headers=headers, **{way: body})
    text = answer.get_data(as_text=True)
    try:
        return answer.status_code, json.loads(text)
    except ValueError:
        return answer.status_code, text


def played(service: str, flaw: str) -> list[tuple[int, Any]]:
    with foreseeable():
        if service == "invoicing":
            return attacked(service, heldout_invoicing.Billing(flaw))
        return attacked(service, client(service, flaw))


def attacked(service: str, built: Any) -> list[tuple[int, Any]]:
    answers, kept = [], {}
    for step in STEPS[service]:
        status, body = sent(service, built, step, kept)
        answers.append((status, body))
        if step[-1]:
            for name, _, field in (each.partition("=") for each in step[-1].split()):
                kept[name] = found(body, field)
                assert kept[name], (step, body)
    return answers


@pytest.mark.parametrize("service", PLAYED)
def test_the_document_is_valid_and_names_every_operation_to_blame(service: str) -> None:
    validate(declared(service))
    operations = {
        f"{method.upper()} {path}"
        for path, item in declared(service)["paths"].items()
        for method in item
    }
    named = {planted.operation for planted in SERVED[service].FLAWS.values()}
    if service in DESCRIBED:
        named |= {operation for operation, _ in DESCRIBED[service].TRAPS}
    assert named <= operations


@pytest.mark.parametrize(("service", "flaw"), FLAWS, ids=str)
def test_a_flaw_shows_at_the_operation_that_it_was_planted_in_or_right_after(
    service: str, flaw: str
) -> None:
    clean, flawed = (played(service, build) for build in ("", flaw))
    differing = [
        at for at, (one, other) in enumerate(zip(clean, flawed, strict=True)) if one != other
    ]
    assert differing, json.dumps(clean, default=str)[:200]
    operation = SERVED[service].FLAWS[flaw].operation
    assert operation in {STEPS[service][at][1] for at in (differing[0], differing[0] - 1)}


@pytest.mark.parametrize("service", PLAYED)
def test_a_clean_build_tells_the_attacker_nothing_of_the_victims(service: str) -> None:
    echoes = {"GET /v1/search", "POST /api/invoice.search", "GET /api/search"}
    echoes |= heldout_garage_attacks.ECHOES | heldout_board_attacks.ECHOES
    echoes |= heldout_payroll_attacks.ECHOES | heldout_campus_attacks.ECHOES
    for step, (_, body) in zip(STEPS[service], played(service, ""), strict=True):
        if step[0] != "v" and step[1] not in echoes:
            assert "victim" not in json.dumps(body), step


@pytest.mark.parametrize("hints", [True, False])
@pytest.mark.parametrize(("service", "home"), HOMES.items())
def test_everybody_whom_a_target_file_names_gets_in(
    service: str, home: str, hints: bool, tmp_path: Path
) -> None:
    with heldout(service, "", tmp_path, hints) as testbed:
        seats = [(tenant, role) for tenant in testbed.tenants for role in testbed.roles(tenant)]
        answers = [testbed.actor(*seat).request(*home.split()) for seat in seats]
    assert len(seats) > 2
    assert {status_of(each.status, json.loads(each.body)) for each in answers} == {200}


def mentioned(value: Any) -> set[str]:
    """Every text in a body, at any depth."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return set[str]().union(*map(mentioned, inner))
    return {value} if isinstance(value, str) else set()


def status_of(status: int, body: Any) -> int:
    """What a service means that says in its bodies alone what went wrong."""
    refused = isinstance(body, dict) and body.get("ok") is False
    return {"not_authed": 401}.get(body["error"], 400) if refused else status


@pytest.mark.parametrize("service", sorted(DESCRIBED.keys() & STEPS.keys()))
def test_a_clean_build_refuses_to_change_what_is_the_victims(service: str) -> None:
    victims = {f"{{{step[-1].partition('=')[0]}}}" for step in STEPS[service] if step[0] == "v"}
    victims |= {"north", "ann", "ann@bazaar.example", "oak"}
    for step, (status, body) in zip(STEPS[service], played(service, ""), strict=True):
        named = set(step[2].values()) | (mentioned(step[3]) if service == "payroll" else set())
        if step[0] in "alm" and victims & named and not step[1].startswith("GET"):
            refused = status_of(status, body) >= 400
            assert refused or step[1] in HARMLESS[service], (step, status, body)


@pytest.mark.parametrize("service", sorted(DESCRIBED.keys() & STEPS.keys()))
def test_only_what_the_document_leaves_open_answers_to_nobody(service: str) -> None:
    written = declared(service)
    nobody = client(service, "")
    for path, item in written["paths"].items():
        for method, said in item.items():
            shared = method == "parameters"  # of all methods of the path
            if not shared and said.get("security", written.get("security")):
                answer = nobody.open(re.sub(r"\{\w+\}", "1", path), method=method, json={})
                body = json.loads(answer.get_data()) if service == "payroll" else None
                assert status_of(answer.status_code, body) == 401, (method, path)
