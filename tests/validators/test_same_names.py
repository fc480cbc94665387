"""Is an account called at its sign-in as it called itself at its sign-up?"""

from __future__ import annotations

from gate.model import Json
from validators.document.operations import list_operations
from validators.estates.same_names import like_named
from validators.messages.calls import Call

POST = list_operations({"paths": {"/login": {"post": {}}}})[0]


def call(**body: Json) -> Call:
    return Call(operation=POST, body=body)


def test_a_username_that_no_sign_up_has_is_the_address() -> None:
    signed_up = call(email="a@example.org", password="Aa1!b", full_name="Ann")
    entering = like_named(call(username="x", password="y", scope="z"), signed_up)
    assert entering.body == {"username": "a@example.org", "password": "Aa1!b", "scope": "z"}


def test_a_name_that_the_sign_up_has_is_kept() -> None:
    signed_up = call(email="a@example.org", userName="ann", password="Aa1!b")
    entering = like_named(call(user_name="x", password="y"), signed_up)
    assert entering.body == {"user_name": "ann", "password": "Aa1!b"}
    both = like_named(call(username="x", email="y"), call(email="a@example.org"))
    assert both.body == {"username": "x", "email": "a@example.org"}
