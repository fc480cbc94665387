"""Names say what a path or a field is about, in any style."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validators.document.names import (
    is_identity,
    resource_in,
    resource_of,
    slots_of,
    verb_of,
    words_of,
)
from validators.document.operations import Operation
from validators.messages.calls import Call, exchange, leaves


@pytest.mark.parametrize(
    ("path", "verb", "resource"),
    [
        ("/getInvoice", "get", "invoice"),
        ("/v1/invoices:cancel", "cancel", "invoice"),
        ("/runs/{run_id}:restore", "restore", "run"),
        ("/orders/bulk-delete", "delete", "order"),
        ("/orders/search", "search", "order"),
        ("/exports", "", "export"),
        ("/api-keys", "", "api_key"),
        ("/projects/{id}/runs", "", "run"),
        ("/list_customers", "list", "customer"),
        ("/{id}", "", ""),
        ("/users/v1", "", "user"),
        ("/users/v1.2/register", "register", "user"),
        ("/orders/v1/all", "", "order"),
        ("/products/batch-price", "update", "product"),
        ("/notifications/mark-read", "mark", "notification"),
        ("/notifications/markAllRead", "mark", "notification"),
        ("/batch-jobs", "", "job"),
        ("/products/by-sku", "", "product"),
    ],
)
def test_a_path_has_a_verb_and_a_resource(path: str, verb: str, resource: str) -> None:
    assert (verb_of(path), resource_of(path)) == (verb, resource)


@pytest.mark.parametrize(
    ("name", "identity", "resource"),
    [
        ("source_run_id", True, "source_run"),
        ("sourceRunId", True, "source_run"),
        ("member_ids", True, "member"),
        ("invoice", False, "invoice"),
        ("id", True, "id"),
        ("paid", False, "paid"),
        ("grid", False, "grid"),
    ],
)
def test_a_field_may_name_an_object(name: str, identity: bool, resource: str) -> None:
    assert (is_identity(name), resource_in(name)) == (identity, resource)


def test_an_action_after_an_id_belongs_to_the_resource_before_it() -> None:
    assert slots_of("/runs/{run_id}:restore") == (("run", "run_id"),)
    assert slots_of("/files/{name}.{format}") == (("file", "name"), ("format", "format"))
    assert slots_of("/users/v1/{name}/orders") == (("user", "name"),)
    assert words_of("X-Tenant-Id") == ["x", "tenant", "id"]


values = st.recursive(
    st.one_of(st.text(max_size=5), st.integers(), st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(values)
def test_every_leaf_can_be_exchanged_and_nothing_else_changes(value: object) -> None:
    before = dict(leaves(value))  # type: ignore[arg-type]
    for pointer in before:
        after = dict(leaves(exchange(value, pointer, "new")))  # type: ignore[arg-type]
        assert after == {**before, pointer: "new"}


def test_a_call_knows_what_it_sent_and_forgets_nothing_of_it() -> None:
    operation = Operation(method="POST", path="/runs/{id}")
    call = Call(operation=operation, path=("r1",), body={"a": "short", "b": "long enough"})
    assert call.sent == ("r1", "long enough")
    assert call.put(("body", "a"), "I70017").sent == ("r1", "I70017", "long enough")
    assert call.put(("path", 0), "x/y").target == "/runs/x%2Fy"
    assert call.put(("query", "q"), ["a", True]).target == "/runs/r1?q=a%2Ctrue"
