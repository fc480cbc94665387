"""Which answers show the headers that a service sends?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from uuid import UUID

from gate.check import Answer, Client, Testbed
from gate.model import Observation
from security_tests.document import Route, list_routes
from security_tests.header_rules import FOREIGN_ORIGIN

SAMPLES = 6
KINDS = {401: "unauthenticated", 404: "absent", 405: "not-allowed"}
GOOD = range(200, 300)
SENT = {"Origin": FOREIGN_ORIGIN, "X-Forwarded-Proto": "https"}
"""As a browser behind a TLS proxy asks: a service must not send HSTS over plain HTTP (RFC 6797)."""


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Ask several documented routes for a good answer, a 401, a 404 and a 405; record headers.

    Up to six routes are asked of each sort: good answers and 401 on reads without a path
    parameter, 404 on reads with one (an id that nobody has), 405 with a method that the path does
    not document. Every request says `Origin: https://origin.invalid` and, as a proxy that ends TLS
    would, `X-Forwarded-Proto: https`. Values of cookies are left out.
    """
    routes = list_routes(testbed.openapi())
    owner, nobody = testbed.actor(testbed.tenants[0]), testbed.actor("", "anonymous")
    nowhere = str(UUID(int=testbed.seed % 2**128, version=4))
    reads = [route for route in routes if route.method == "GET"]
    plain = [route for route in reads if not route.parametrised]
    deep = [route for route in reads if route.parametrised]
    for route in sample(plain):
        yield ask(testbed, owner, route, nowhere)
    for route in sample([each for each in plain if each.secured]):
        yield ask(testbed, nobody, route, nowhere)
    for route in sample(deep):
        yield ask(testbed, owner, route, nowhere)
    for route in sample(undocumented(routes)):
        yield ask(testbed, owner, route, nowhere)


def sample(routes: Sequence[Route]) -> Sequence[Route]:
    """At most six routes, spread over the list; secured ones first, where most is at stake."""
    ordered = sorted(routes, key=lambda route: not route.secured)
    step = max(1, len(ordered) // SAMPLES)
    return ordered[::step][:SAMPLES]


def undocumented(routes: Sequence[Route]) -> Sequence[Route]:
    """For each path one method that the document does not offer there; never one that deletes."""
    offered: dict[str, set[str]] = {}
    for route in routes:
        offered.setdefault(route.path, set()).add(route.method)
    return [
        Route(method=method, path=path, secured=True)
        for path, methods in offered.items()
        for method in [next((each for each in ("PUT", "PATCH", "POST") if each not in methods), "")]
        if method and "{" not in path
    ]


def ask(testbed: Testbed, client: Client, route: Route, nowhere: str) -> Observation:
    """Send one request; the observation's kind is what the answer is, not what was hoped for."""
    path = route.at(nowhere)
    answer = client.request(route.method, path, headers=SENT)
    return Observation(
        kind="success" if answer.status in GOOD else KINDS.get(answer.status, "other"),
        subject=route.label,
        at=testbed.clock(),
        data={
            "status": answer.status,
            "headers": dict(printable(answer)),
            "secured": route.secured,
            "signed_in": client.role != "anonymous",
            "credential": next(iter(client.credentials), "authorization").lower(),
            "curl": client.curl(route.method, path),
        },
    )


def printable(answer: Answer) -> Iterator[tuple[str, str]]:
    """The headers, without the values of cookies."""
    for name, value in answer.headers.items():
        yield name, re.sub(r"=[^;]*", "=…", value, count=1) if name == "set-cookie" else value
