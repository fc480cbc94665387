"""Are two builds told apart by what they do alone, whatever else goes on in the process?"""

from __future__ import annotations

import secrets
from threading import Thread

from tests.targets.playing import foreseeable


def drawn(beside: bool) -> list[str]:
    seen: list[str] = []
    with foreseeable():
        first = secrets.token_hex(4)
        if beside:
            other = Thread(target=lambda: seen.append(secrets.token_hex(4)))
            other.start()
            other.join()
        return [first, secrets.token_hex(4), *seen]


def test_what_another_thread_draws_changes_nothing() -> None:
    assert drawn(beside=True)[:2] == drawn(beside=False)
    assert drawn(beside=True)[2] != drawn(beside=True)[2]
