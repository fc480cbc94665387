from hypothesis import given
from hypothesis import strategies as st

from validators.document.names import PARAMETER, parents_of, resource_of, slots_of, stem
from validators.document.operations import Operation
from validators.estates.ledger import Ledger
from validators.messages.calls import expand


def get(path: str) -> Operation:
    return Operation(method="GET", path=path)


def test_a_slot_is_named_by_the_segment_before_it() -> None:
    assert slots_of("/v1/runs/{run_id}/metrics/{key}") == (("run", "run_id"), ("metric", "key"))
    assert resource_of("/v1/projects/{id}/api-keys") == "api_key"
    assert [stem(word) for word in ("entries", "boxes", "classes", "access", "runs")] == [
        "entry",
        "box",
        "class",
        "access",
        "run",
    ]


def test_a_path_is_filled_with_ids_that_belong_together() -> None:
    ledger = Ledger()
    ledger.note("project", {"id": "p1"}, {})
    ledger.note("project", {"id": "p2"}, {})
    ledger.note("run", {"id": "r2"}, {"project": "p2"})
    assert list(ledger.fill(get("/projects/{project_id}/runs/{run_id}"))) == [("p2", "r2")]
    assert next(ledger.fill(get("/runs/{run_id}"))) == ("r2",)
    assert not list(ledger.fill(get("/models/{model_id}")))


def test_objects_are_found_inside_wrappers_lists_and_named_members() -> None:
    ledger = Ledger()
    ledger.note("run", {"success": True, "data": {"id": "r1"}}, {})
    ledger.note("run", {"items": [{"id": "r2"}], "total": 1}, {})
    ledger.note("run", {"tenant": {"id": "t1"}, "api_key": "x"}, {})
    assert [(each.resource, each.fields["id"]) for each in ledger.things] == [
        ("run", "r1"),
        ("run", "r2"),
        ("tenant", "t1"),
    ]


def test_what_a_request_listed_can_be_addressed() -> None:
    ledger = Ledger()
    ledger.note("run", {"id": "r1"}, {})
    ledger.note("metric", [{"key": "loss", "value": 1}], {"run": "r1"})
    ledger.note("version", {"id": "v1", "version": 3}, {"model": "m1"})
    assert next(ledger.fill(get("/runs/{run_id}/metrics/{key}"))) == ("r1", "loss")
    assert next(ledger.fill(get("/versions/{version}"))) == ("3",)


def test_an_object_known_only_by_reference_can_be_addressed() -> None:
    ledger = Ledger()
    ledger.note("me", {"tenant_id": "t-1", "role": "owner"}, {})
    assert next(ledger.fill(get("/tenants/{tenant_id}"))) == ("t-1",)


def test_an_object_is_noted_once() -> None:
    ledger = Ledger()
    ledger.note("run", {"id": "r1"}, {"project": "p1"})
    ledger.note("run", {"items": [{"id": "r1"}]}, {})
    assert len(ledger.things) == 1


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_value_can_leave_its_place_in_the_path(one: str, two: str) -> None:
    path = "/a/{x}/b/{y}"
    filled = expand(path, (one, two))
    assert filled.count("/") == path.count("/")
    assert not set(filled) & set("?#{}")
    assert PARAMETER.search(filled) is None
    assert parents_of(path, (one, two)) == {"a": one, "b": two}


def test_an_account_is_named_by_what_it_signs_in_with() -> None:
    ledger = Ledger()
    ledger.note("user", {"id": 7, "username": "ann", "email": "ann@example.org"}, {})
    named = Operation(method="GET", path="/profiles/{username}")
    assert list(ledger.fill(named)) == [("ann",)]
    assert list(ledger.fill(Operation(method="GET", path="/mailboxes/{email}"))) == [
        ("ann@example.org",)
    ]
    assert list(ledger.fill(Operation(method="GET", path="/profiles/{slug}"))) == []
