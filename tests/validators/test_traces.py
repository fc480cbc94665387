import json
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from gate.check import Answer
from validators.messages.traces import digest, find_marks, fingerprint, like, normalise


def answer(body: str, status: int = 200, **headers: str) -> Answer:
    return Answer(status=status, headers=headers, body=body, seconds=0.0)


@given(st.text(), st.text(), st.sampled_from(["body", "headers"]))
def test_a_mark_is_seen_wherever_it_stands(before: str, after: str, place: str) -> None:
    text = f"{before}k3canary{after}"
    seen = answer(text) if place == "body" else answer("", location=text)
    assert find_marks(seen, {"k3canary": "canary"}, ())[place] == ["canary"]


def test_reading_back_what_was_sent_is_no_trace() -> None:
    seen = answer('{"key": "k3canary001"}', location="/runs/k3canary001")
    assert find_marks(seen, {"k3canary": "canary"}, ["k3canary001"]) == {"headers": [], "body": []}


def test_the_fingerprint_holds_what_only_the_owner_reads() -> None:
    owned = answer(
        '{"email": "ann@example.org", "kind": "standard", "items": [{"at": "12:00:00.1"}]}'
    )
    assert fingerprint(owned, ['{"kind": "standard"}']) == {
        "ann@example.org": "value of $.email",
        "12:00:00.1": "value of $.items[].at",
    }


@given(
    st.one_of(
        st.uuids().map(str),
        st.integers(1, 10**6).map(str),
        st.from_regex("[a-z]{8,20}", fullmatch=True),
    )
)
def test_an_absent_id_has_the_shape_of_the_present_one(value: str) -> None:
    other = like(value, Random(3))
    assert other != value
    assert other.isdigit() == value.isdigit()
    if "-" in value:
        assert UUID(other).version == UUID(value).version
        assert UUID(other).variant == UUID(value).variant


def test_what_changes_from_request_to_request_is_normalised() -> None:
    form = '{"detail": "no run %s", "request_id": "%s", "at": "2026-01-02T03:04:%s"}'
    one = form % ("7a1", "0123456789abcdef0123", "05Z")
    two = form % ("9zz", "fedcba98765432100000", "59Z")
    assert normalise(one, ["7a1"]) == normalise(two, ["9zz"])
    assert digest(answer(one), ["7a1"]) == digest(answer(two), ["9zz"])


def test_each_part_of_a_body_has_its_own_digest() -> None:
    one, two = (digest(answer(text), ()) for text in ('{"a": 1, "b": []}', '{"a": 2, "b": []}'))
    assert one["$.a"] != two["$.a"]
    assert one["$.b"] == two["$.b"]
    assert digest(answer("<h1>no</h1>"), ()).keys() == {"$"}


def test_an_id_of_one_digit_is_cut_from_a_sentence_and_not_taken_for_a_count() -> None:
    one, two = (json.dumps({"user": [f'Invalid pk "{each}" - no such object.']}) for each in "17")
    assert digest(answer(one), ["1"]) == digest(answer(two), ["7"])
    assert digest(answer('{"count": 1}'), ["1"]) != digest(answer('{"count": 7}'), ["7"])
