"""Is every flaw of the blind held-out services real, and is the clean build clean?

The same steps are gone through on the clean build and on each flawed one. Random values are the
same in both, so that whatever differs is the flaw.
"""

from __future__ import annotations

import json
import re
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import Client

from tests.targets import (
    heldout_atlas_attacks,
    heldout_atlas_target,
    heldout_books_attacks,
    heldout_books_target,
    heldout_deals_attacks,
    heldout_deals_target,
    heldout_depot_attacks,
    heldout_depot_target,
    heldout_fleet_attacks,
    heldout_fleet_target,
    heldout_folio_attacks,
    heldout_folio_target,
    heldout_forge_attacks,
    heldout_forge_target,
    heldout_studio_attacks,
    heldout_studio_target,
)
from tests.targets.heldout_attacks import Step
from tests.targets.playing import client, foreseeable

Told = list[tuple[str, str, int, str]]
SERVICES: dict[str, tuple[list[Step], Any, Any]] = {
    "deals": (heldout_deals_attacks.DEALS, heldout_deals_attacks, heldout_deals_target),
    "depot": (heldout_depot_attacks.DEPOT, heldout_depot_attacks, heldout_depot_target),
    "fleet": (heldout_fleet_attacks.FLEET, heldout_fleet_attacks, heldout_fleet_target),
    "folio": (heldout_folio_attacks.FOLIO, heldout_folio_attacks, heldout_folio_target),
    "atlas": (heldout_atlas_attacks.ATLAS, heldout_atlas_attacks, heldout_atlas_target),
    "books": (heldout_books_attacks.BOOKS, heldout_books_attacks, heldout_books_target),
    "studio": (heldout_studio_attacks.STUDIO, heldout_studio_attacks, heldout_studio_target),
    "forge": (heldout_forge_attacks.FORGE, heldout_forge_attacks, heldout_forge_target),
}
# How a service wants tokens to be sent, if not as Bearer; in a cookie where it ends with `=`.
SCHEMES = {
    "atlas": "Token",
    "books": f"{heldout_books_target.COOKIE}=",
    "forge": "token",
}
FLAWS = [(name, flaw) for name, (_, _, said) in SERVICES.items() for flaw in said.FLAWS]


def filled(value: Any, kept: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: filled(inner, kept) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, kept) for inner in value]
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"\{(\w+)\}", value)
    if whole:
        return kept[whole[1]]
    return re.sub(r"\{(\w+)\}", lambda found: str(kept.get(found[1], found[0])), value)


def first(answer: Any, name: str) -> Any:
    """The first thing in the answer that is called so."""
    inner = answer if isinstance(answer, list) else []
    if isinstance(answer, dict):
        if name in answer:
            return answer[name]
        inner = list(answer.values())
    for each in inner:
        found = first(each, name)
        if found is not None:
            return found
    return None


def credential(scheme: str, secret: Any) -> dict[str, str]:
    if scheme.endswith("="):
        return {"Cookie": f"{scheme}{secret}"}
    return {"Authorization": f"{scheme} {secret}"}


def form(said: dict[str, Any]) -> dict[str, Any]:
    """Fields of a form; a file is its name and what stands in it."""
    return {
        name: (BytesIO(value[1].encode()), value[0]) if isinstance(value, list) else str(value)
        for name, value in said.items()
    }


def gone_through(service: Client, steps: list[Step], clean: bool, scheme: str) -> Told:
    kept, told = {}, []
    for who, operation, values, body, headers, keep in steps:
        method, _, path = operation.partition(" ")
        query = {}
        for name, value in values.items():
            said = str(filled(value, kept))
            if f"{{{name}}}" not in path:
                query[name] = said
            path = path.replace(f"{{{name}}}", said)
        known = credential(scheme, kept[who]) if who in kept else {}
        more: dict[str, Any] = {"headers": known | filled(headers, kept)}
        if method == "GET":
            query |= filled(body or {}, kept)
        elif headers.get("Content-Type") == "multipart/form-data":
            more["data"] = form(filled(body, kept))
        elif body is not None:
            more["json"] = filled(body, kept)
        answer = service.open(path, method=method, query_string=query, **more)
        told.append((who, operation, answer.status_code, answer.get_data(as_text=True)))
        for each in keep.split():
            name, _, asked = each.partition("=")
            called, _, parameter = asked.partition("?")
            if called == "Set-Cookie":
                found = answer.headers.get(called, "").partition("=")[2].partition(";")[0] or None
            else:
                found = first(json.loads(answer.get_data()), called)
            if parameter and found:  # of a link
                found = parse_qs(urlsplit(found).query)[parameter][0]
            assert found is not None or not clean, (operation, called, answer.get_data())
            kept[name] = found
    return told


def run(service: str, flaw: str) -> Told:
    with foreseeable():
        steps, scheme = SERVICES[service][0], SCHEMES.get(service, "Bearer")
        return gone_through(client(service, flaw), steps, not flaw, scheme)


@pytest.fixture(scope="module")
def clean() -> dict[str, Told]:
    return {service: run(service, "") for service in SERVICES}


@pytest.mark.parametrize(("service", "flaw"), FLAWS)
def test_a_flaw_lets_the_attacker_do_what_the_clean_build_does_not(
    service: str, flaw: str, clean: dict[str, Told]
) -> None:
    told = run(service, flaw)
    pairs = zip(clean[service], told, strict=True)
    where = next(at for at, (before, after) in enumerate(pairs) if before[2:] != after[2:])
    blamed = SERVICES[service][2].FLAWS[flaw].operation
    assert blamed in {operation for _, operation, _, _ in told[max(0, where - 1) : where + 1]}
    assert all(status < 500 for _, _, status, _ in told)


@pytest.mark.parametrize("service", SERVICES)
def test_the_clean_build_tells_the_attackers_nothing(service: str, clean: dict[str, Told]) -> None:
    for who, operation, status, text in clean[service]:
        assert status < 500, (operation, text)
        if who in ("a", "m", "l"):
            echoed = operation in SERVICES[service][1].ECHOES
            assert echoed or "victim" not in text, (who, operation, text)


@pytest.mark.parametrize("service", SERVICES)
def test_the_clean_build_refuses_what_names_the_victims_things(
    service: str, clean: dict[str, Told]
) -> None:
    steps, attacks, _ = SERVICES[service]
    for (who, operation, values, body, _, _), (_, _, status, text) in zip(
        steps, clean[service], strict=True
    ):
        if who in ("a", "m", "l") and '"{v' in json.dumps([values, body]):
            assert status >= 400 or operation in attacks.HARMLESS, (operation, text)


@pytest.mark.parametrize("service", SERVICES)
def test_only_what_the_document_leaves_open_answers_to_nobody(service: str) -> None:
    nobody = client(service, "")
    document = json.loads(nobody.get("/openapi.json").get_data())
    for path, item in document["paths"].items():
        for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
            status = nobody.open(re.sub(r"\{\w+\}", "1", path), method=method.upper()).status_code
            needed = item[method].get("security", document.get("security", []))
            left_open = needed == [] or {} in needed
            assert (status == 401) == (not left_open), (method, path, status)


@pytest.mark.parametrize("service", SERVICES)
def test_flaws_and_traps_name_operations_of_the_document(service: str) -> None:
    _, _, said = SERVICES[service]
    document = json.loads(client(service, "").get("/openapi.json").get_data())
    known = {
        f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item
    }
    assert {flaw.operation for flaw in said.FLAWS.values()} <= known
    assert {operation for operation, _ in said.TRAPS} <= known
