"""How does one body say of an account what another one has said of it?"""

from __future__ import annotations

from collections.abc import Mapping

from validators.document.names import ACCOUNT, words_of
from validators.messages.calls import Call, leaves


def like_named(call: Call, other: Call) -> Call:
    """The call with what the other one says under the same names.

    What a sign-in calls the account by may be another of its names: OAuth's password grant has a
    `username` (RFC 6749, section 4.3.2) where the sign-up has only an `email`.
    """
    said = {str(place[-1]): text for place, text in leaves(other.body) if place}
    known = {plain(name) for name in said}
    names = [text for name, text in said.items() if "_".join(words_of(name)) in ACCOUNT]
    asked = [str(place[-1]) for place, _ in leaves(call.body) if place]
    calls = [name for name in asked if "_".join(words_of(name)) in ACCOUNT]
    if names and calls and not any(plain(name) in known for name in calls):
        said |= {calls[0]: names[0]}
    return like_said(call, said)


def like_said(call: Call, words: Mapping[str, str]) -> Call:
    """The call with these texts, each under its name in whatever style."""
    said = {plain(name): text for name, text in words.items()}
    for place, _ in leaves(call.body):
        if place and plain(place[-1]) in said:
            call = call.put(("body", *place), said[plain(place[-1])])
    return call


def plain(name: str | int) -> str:
    """A field's name in no style: `userName` and `user_name` are one."""
    return "".join(words_of(str(name)))
