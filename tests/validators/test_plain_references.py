"""References that are called by a part of a name, and numbers that are taken once."""

from __future__ import annotations

import uuid
from typing import Any

from gate.model import Json
from tests.targets.documents import BEARER, TEXT, document, operation, record
from tests.validators.scripted import owner
from validators.document.operations import list_operations
from validators.estates.planting import plant

UUID: Json = {"type": "string", "format": "uuid"}
POSITION: Json = {"type": "integer", "minimum": 1}
DOCUMENT = document(
    "Meals",
    {
        "/nutritionplans": {"get": operation(), "post": operation(record(name=TEXT))},
        "/meals": {
            "get": operation(),
            "post": operation(record("plan", "order", plan=UUID, order=POSITION)),
        },
    },
    BEARER,
)


def planted() -> tuple[list[Any], list[Any]]:
    """The plans and the meals that an owner makes, where each order is taken once in a plan."""
    plans: list[Any] = []
    meals: list[Any] = []

    def say(method: str, path: str, body: Any) -> tuple[int, Json]:
        if method == "GET":
            return 200, plans if path == "/nutritionplans" else meals
        if path == "/nutritionplans":
            plans.append({"id": str(uuid.uuid5(uuid.NAMESPACE_URL, str(len(plans)))), **body})
            return 201, plans[-1]
        if body["plan"] not in {each["id"] for each in plans}:
            return 403, {"detail": "You are not allowed to do this"}
        if (body["plan"], body["order"]) in {(each["plan"], each["order"]) for each in meals}:
            return 400, {"non_field_errors": ["The fields plan, order must make a unique set."]}
        meals.append({"id": f"meal-{len(meals):06d}", **body})
        return 201, meals[-1]

    list(plant(owner(say), list_operations(DOCUMENT)))
    return plans, meals


def test_a_uuid_refers_to_what_its_field_is_a_part_of_the_name_of() -> None:
    plans, meals = planted()
    assert {each["plan"] for each in meals} <= {each["id"] for each in plans}
    assert meals


def test_a_number_that_is_taken_once_is_another_one_each_time() -> None:
    _, meals = planted()
    assert len(meals) > 1
