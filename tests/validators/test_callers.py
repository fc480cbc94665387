"""Whom does the service know the caller as, and what stands for him in paths and bodies?"""

import jwt
import pytest

from validators.document.operations import Operation
from validators.estates.ledger import Ledger
from validators.estates.naming import recipient_for
from validators.estates.things import Thing
from validators.messages.callers import is_self, names_of
from validators.messages.calls import Call

KEY = "a-key-of-more-than-thirty-two-bytes-for-hs256"


class Caller:
    """Somebody who said this when he signed in."""

    def __init__(self, **said: str) -> None:
        self.called = said


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ({"username": "ann"}, {"username": "ann"}),
        ({"email": "ann@example.org"}, {"email": "ann@example.org"}),
        ({"user": "ann"}, {"username": "ann"}),
        ({"username": "ann@example.org"}, {"email": "ann@example.org"}),
        ({"grant_type": "password"}, {}),
    ],
)
def test_a_login_says_what_the_caller_is_called(
    said: dict[str, str], names: dict[str, str]
) -> None:
    assert names_of(Caller(**said), {}) == names


def test_so_does_a_token_that_can_be_read() -> None:
    token = jwt.encode({"sub": "17", "email": "ann@example.org", "role": "user"}, KEY, "HS256")
    credentials = {"Authorization": f"Bearer {token}"}
    assert names_of(object(), credentials) == {"email": "ann@example.org"}
    plain = jwt.encode({"sub": "ann"}, KEY, "HS256")
    assert names_of(object(), {"Authorization": f"Bearer {plain}"}) == {"username": "ann"}
    assert names_of(object(), {"Authorization": "Bearer a.b.c"}) == {}


def test_an_account_is_his_when_no_known_name_differs() -> None:
    names = {"username": "ann", "email": "ann@example.org"}
    assert is_self({"username": "ann", "bio": ""}, names)
    assert not is_self({"username": "ann", "email": "other@example.org"}, names)
    assert not is_self({"bio": "ann"}, names)


def seen(username: str, **more: str) -> Thing:
    return Thing(resource="user", fields={"username": username, **more}, key="username")


def known() -> Ledger:
    """A directory, the caller's own account, and one that he has signed up."""
    made = Operation(method="POST", path="/users/v1/register")
    body = {"username": "new", "password": "secret"}
    new = Thing(
        resource="user",
        fields={"username": "new", "email": "new@example.org"},
        key="username",
        origin=Call(operation=made, body=dict(body)),
    )
    return Ledger(
        things=[seen("admin"), seen("bob"), new, seen("ann", email="ann@example.org")],
        names={"username": "ann"},
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [("/users/v1/{username}", "ann"), ("/customers/v1/{email}/addresses", "ann@example.org")],
)
def test_the_caller_himself_stands_in_a_path_before_all_others(path: str, value: str) -> None:
    assert next(known().fill(Operation(method="GET", path=path))) == (value,)


def test_what_is_ended_is_rather_an_account_that_can_be_made_again() -> None:
    ending = Operation(method="DELETE", path="/users/v1/{username}")
    assert next(known().fill(ending)) == ("new",)


def test_a_recipient_is_somebody_real_and_no_other_tenant() -> None:
    operation = Operation(method="POST", path="/messages", samples=({"to": "user2", "text": "a"},))
    assert recipient_for(operation, "to", known()) == "new"
    mail = Operation(method="POST", path="/messages", samples=({"to": "a@example.org"},))
    assert recipient_for(mail, "to", known()) == "new@example.org"
    assert recipient_for(operation, "text", known()) is None
    assert recipient_for(Operation(method="POST", path="/trips"), "to", known()) is None


def test_what_all_may_read_fills_a_path_where_nothing_own_does() -> None:
    tea = Thing(resource="product", fields={"sku": "TEA-1"}, key="sku")
    ledger = Ledger(common=Ledger(things=[tea]))
    reviews = Operation(method="POST", path="/products/v1/{sku}/reviews")
    assert next(ledger.fill(reviews)) == ("TEA-1",)
    ledger.take(Thing(resource="product", fields={"sku": "OWN-1"}, key="sku"))
    assert next(ledger.fill(reviews)) == ("OWN-1",)


def test_a_word_of_the_cover_names_no_object() -> None:
    ledger = Ledger()
    said = {"status": "success", "message": "ok", "data": {"messageId": "5f2c", "text": "a"}}
    ledger.note("message", said, {})
    assert [thing.id for thing in ledger.things if thing.resource == "message"] == ["5f2c"]


def test_a_parameter_finds_its_field_without_its_ending() -> None:
    ledger, keys = Ledger(), {"wallet": ("accountNo",)}
    ledger.note("wallet", {"account": "10002", "balance": 5}, {}, keys=keys)
    reading = Operation(method="GET", path="/wallet/v1/{accountNo}")
    assert next(ledger.fill(reading)) == ("10002",)
    assert ledger.refer("from_account") == "10002"
