"""What is the least that the testbed takes for a service?"""

from collections.abc import Callable, Iterable

Start = Callable[[str, list[tuple[str, str]]], object]


def app(_: dict[str, object], start: Start) -> Iterable[bytes]:
    """Always ready."""
    start("200 OK", [("Content-Type", "application/json")])
    return [b"{}"]
