"""What is refused with all of its texts is made with those that the service takes."""

from __future__ import annotations

from typing import Any

from gate.model import Json
from tests.validators.scripted import owner
from validators.document.operations import list_operations
from validators.estates.planting import plant

TEXT: Json = {"type": "string"}
DOCUMENT: dict[str, Json] = {
    "openapi": "3.1.0",
    "paths": {
        "/payments": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "amount": {"type": "integer"},
                                    "unit": TEXT,
                                    "hook": TEXT,
                                    "memo": TEXT,
                                },
                                "required": ["amount"],
                            }
                        }
                    }
                }
            }
        }
    },
}


def planted(refusal: dict[str, Json], *refused: str) -> list[Any]:
    """The bodies of the payments that were made, where one with these fields is refused so."""
    made: list[Any] = []

    def say(_: str, __: str, body: Any) -> tuple[int, Json]:
        if set(body) & set(refused):
            return 400, refusal
        made.append(body)
        return 201, {"id": f"payment-{len(made):08d}", **body}

    list(plant(owner(say), list_operations(DOCUMENT)))
    return made


def test_an_object_keeps_the_texts_that_a_refusal_does_not_name() -> None:
    least, *marked = planted({"detail": "unknown unit"}, "unit")
    assert set(least) == {"amount"}
    assert [set(each) for each in marked] == [{"amount", "hook", "memo"}] * len(marked) != []


def test_an_object_keeps_one_text_where_a_refusal_names_none() -> None:
    _, *marked = planted({"detail": "no"}, "unit", "hook")
    assert [set(each) for each in marked] == [{"amount", "memo"}] * len(marked) != []


def test_an_object_has_its_least_form_where_no_text_is_taken() -> None:
    made = planted({"detail": "no"}, "unit", "hook", "memo")
    assert [set(each) for each in made] == [{"amount"}] * len(made) != []
