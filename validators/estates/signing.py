"""In which headers may a secret be sent that somebody was given?"""

from __future__ import annotations

from collections.abc import Iterator

from validators.document.schemes import other_ways
from validators.estates.estate import Estate
from validators.estates.exchanges import COOKIE
from validators.messages.callers import context_of


def ways(estate: Estate, secret: str, place: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each way in words, the principal's own first; those that only the document shows after it.

    What came in a cookie is sent as one.
    """
    yield "", signed(estate, secret)
    if place == COOKIE:
        return
    document, own = estate.author.document, estate.client.credentials
    for name, before in other_ways(document, own).items():
        said = context_of(own, document)
        yield f" as {name}", {name: f"{before}{secret}"} | said


def signed(estate: Estate, secret: str) -> dict[str, str]:
    """The principal's headers with another secret."""
    own = estate.client.credentials
    said = context_of(own, estate.author.document)
    return {name: resigned(name, value, secret) for name, value in own.items()} | said


def resigned(name: str, value: str, secret: str) -> str:
    """One header's value with another secret: after the scheme, or after a cookie's name."""
    if name.lower() == COOKIE:
        return f"{value.partition('=')[0]}={secret}"
    return f"{value.rpartition(' ')[0]} {secret}".strip()
