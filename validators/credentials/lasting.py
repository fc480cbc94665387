"""Does what was ended go on working, for as long as a service may need to end it everywhere?"""

from __future__ import annotations

import time
from collections.abc import Callable

from gate.check import Answer
from gate.model import Observation
from validators.credentials.forged_credentials import GRACE, patient_until
from validators.document.operations import Operation
from validators.estates.ground import Duel
from validators.messages.calls import Call
from validators.messages.traces import EXCERPT, is_like, normalise


def note_ended(  # noqa: PLR0913, PLR0917 - the parts of one attempt
    duel: Duel,
    operation: Operation,
    what: str,
    opened: Call,
    before: Answer,
    again: Callable[[], Answer],
    line: str,
) -> Observation:
    """What is asked `again` until it is refused, or for as long as a service may need for it."""

    def tried() -> tuple[Answer, bool]:
        answer = again()
        return answer, duel.victim.accepts(answer) and is_like(before, answer)

    return lasting(duel, (operation, what, opened), tried, line)


def lasting(
    duel: Duel,
    about: tuple[Operation, str, Call],
    tried: Callable[[], tuple[Answer, bool]],
    line: str,
) -> Observation:
    """Does what was ended go on working, also when time is given?

    `about`: what ended it, what it was, and what is asked with it; `tried` tells whether it works.
    """
    began, (answer, works) = time.monotonic(), tried()

    def ended() -> bool:
        nonlocal answer, works
        if works:
            answer, works = tried()
        return not works

    patient_until(ended, GRACE)
    return noted(duel, about, (answer, works, time.monotonic() - began), line)


def give_time() -> None:
    """As long as a service may need, for what works once and cannot be asked again."""
    patient_until(lambda: False, GRACE)


def noted(
    duel: Duel,
    about: tuple[Operation, str, Call],
    last: tuple[Answer, bool, float],
    line: str,
) -> Observation:
    """What came of it in the end."""
    (operation, what, call), (answer, works, waited) = about, last
    return duel.note(
        "ended-call",
        operation,
        role="ended",
        credential=what,
        opened=call.operation.label,
        status=answer.status,
        works=works,
        waited=GRACE if works else min(GRACE, round(waited, 1)),
        excerpt=normalise(answer.body, call.sent)[:EXCERPT],
        curl=line,
    )
