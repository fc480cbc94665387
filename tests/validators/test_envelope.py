"""What a refusal looks like is learned, not taken from the status."""

from gate.check import Answer
from validators.estates.envelope import Envelope


def answer(body: str, status: int = 200) -> Answer:
    return Answer(status=status, headers={}, body=body, seconds=0.0)


def test_a_usual_word_of_refusal_needs_no_lesson() -> None:
    envelope = Envelope()
    assert not envelope.accepts(answer('{"success": false, "message": "no"}'))
    assert not envelope.accepts(answer('{"status": "error"}'))
    assert envelope.accepts(answer('{"success": true, "data": {}}'))
    assert not envelope.accepts(answer("{}", 404))


def test_the_shape_of_answers_for_absent_ids_is_a_refusal() -> None:
    envelope = Envelope()
    envelope.learn_success(answer('{"invoice": {"id": 1}}'))
    envelope.learn_refusal(answer('{"problem": "none such"}'))
    assert not envelope.accepts(answer('{"problem": "another"}'))
    assert envelope.accepts(answer('{"invoice": {"id": 2}}'))


def test_a_code_that_only_refusals_have_is_one() -> None:
    envelope = Envelope()
    envelope.learn_success(answer('{"code": 0, "data": 1}'))
    envelope.learn_refusal(answer('{"code": 404, "data": null}'))
    assert not envelope.accepts(answer('{"code": 404, "data": 2}'))
    assert envelope.accepts(answer('{"code": 0, "data": 2}'))


def test_an_empty_success_teaches_nothing() -> None:
    envelope = Envelope()
    envelope.learn_refusal(answer("[]"))
    assert envelope.accepts(answer("[1]"))
    assert envelope.accepts(answer("", 204))
