"""A service in quite another style: numbers as ids, wrapped answers, always HTTP 200."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from gate.check import Answer
from gate.exhibits import Matrix
from gate.model import Estimate, Finding, Json, Target
from gate.run import as_stored
from validators.channels.read_by_id import CHECK

TEXT: Json = {"type": "string", "maxLength": 60}
STORE: Json = {"type": "object", "properties": {"title": TEXT}, "required": ["title"]}
ORDER: Json = {
    "allOf": [
        {"type": "object", "properties": {"note": TEXT}, "required": ["note"]},
        {"properties": {"amount": {"type": "integer", "exclusiveMinimum": 4}}},
    ],
    "required": ["amount"],
}


def body(schema: Json) -> Json:
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


DOCUMENT: Mapping[str, Json] = {
    "openapi": "3.1.0",
    "components": {
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}}
    },
    "security": [{"key": []}],
    "paths": {
        "/stores": {"get": {}, "post": body(STORE)},
        "/stores/{storeId}/orders": {"get": {}, "post": body(ORDER)},
        "/stores/{storeId}/orders/{orderNo}": {"get": {}},
        "/stores/{storeId}": {"get": {}},
    },
}


@dataclass
class Shop:
    """The service. `flaw` names what it does wrong."""

    flaw: str = ""
    numbers: Iterator[int] = field(default_factory=lambda: count(4000))
    stores: dict[int, dict[str, Any]] = field(default_factory=dict)
    orders: dict[int, dict[str, Any]] = field(default_factory=dict)

    def answer(self, tenant: str, method: str, path: str, sent: Any) -> Any:
        if not tenant and self.flaw != "anonymous":
            return {"success": False, "message": "who are you"}
        parts = path.strip("/").split("/")
        if method == "POST":
            return self.create(tenant, parts, sent)
        if len(parts) == 1:
            mine = [each for each in self.stores.values() if each["owner"] == tenant]
            return {"success": True, "data": {"stores": mine}}
        store = self.stores.get(int(parts[1]))
        order = self.orders.get(int(parts[3])) if len(parts) == 4 else None
        own = store is not None and (store["owner"] == tenant or self.flaw == "anonymous")
        if store is not None and not own:
            return {"success": False, "message": self.refuse(store)}
        if store is None or (len(parts) == 4 and not self.belongs(order, store)):
            return {"success": False, "message": "nothing here"}
        listed = [each for each in self.orders.values() if each["storeId"] == store["id"]]
        return {"success": True, "data": order or (listed if len(parts) == 3 else store)}

    def create(self, tenant: str, parts: list[str], sent: dict[str, Any]) -> Any:
        made = {**sent, "id": next(self.numbers), "owner": tenant}
        if len(parts) == 1:
            self.stores[made["id"]] = made
        else:
            made |= {"orderNo": made["id"], "storeId": int(parts[1])}
            self.orders[made["id"]] = made
        return {"success": True, "data": made}

    def belongs(self, order: dict[str, Any] | None, store: dict[str, Any]) -> bool:
        return order is not None and (order["storeId"] == store["id"] or self.flaw == "nested")

    def refuse(self, store: dict[str, Any]) -> str:
        return {"error text": f"not your {store['title']}", "oracle": "not yours"}.get(
            self.flaw, "nothing here"
        )


@dataclass
class Caller:
    shop: Shop
    tenant: str
    role: str = "owner"

    @property
    def credentials(self) -> Mapping[str, str]:
        return {"X-Api-Key": self.tenant} if self.tenant else {}

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
        said = json.dumps(self.shop.answer(self.tenant, method, path, body))
        return Answer(status=200, headers={}, body=said, seconds=0.0)

    def curl(self, method: str, path: str, *, body: Json = None) -> str:
        return f"curl -X {method} {path} # {body}"


class ShopTestbed:
    target = Target(name="shop", base_url="http://shop.invalid", revision="")
    seed, tenants = 5, ("red", "blue")

    def __init__(self, flaw: str) -> None:
        self.shop = Shop(flaw)

    def clock(self) -> float:
        return 0.0

    def openapi(self) -> Mapping[str, Json]:
        return DOCUMENT

    def actor(self, tenant: str, role: str = "owner") -> Caller:
        return Caller(self.shop, tenant, role)


def judged(flaw: str) -> list[Any]:
    testbed: Any = ShopTestbed(flaw)
    said = CHECK.judge([as_stored(each) for each in CHECK.probe(testbed)])
    return [each for each in said if not isinstance(each, Matrix)]


def test_a_sound_service_of_another_style_has_neither_finding_nor_doubt() -> None:
    (covered,) = judged("")
    assert covered == Estimate(name="covered", value=100.0, low=100.0, high=100.0, samples=6)


@pytest.mark.parametrize(
    ("flaw", "expected"),
    [
        ("nested", {("foreign-read", "GET /stores/{storeId}/orders/{orderNo}")}),
        ("anonymous", {("anonymous-read", "GET /stores/{storeId}")}),
        ("error text", {("foreign-read", "GET /stores/{storeId}")}),
        ("oracle", {("existence-oracle", "GET /stores/{storeId}")}),
    ],
)
def test_each_flaw_of_another_style_is_found(flaw: str, expected: set[tuple[str, str]]) -> None:
    found = {(said.rule, said.subject) for said in judged(flaw) if isinstance(said, Finding)}
    assert expected <= found
