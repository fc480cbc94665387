"""How does a tenant come to own a complete tree of objects, known by the marks they carry?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from urllib.parse import urlencode

from gate.check import Answer, Client
from gate.model import Json
from validators.bodies import Author, Canaries, draw_canaries
from validators.ledger import Ledger, expand, parents_of, resource_of, stem
from validators.operations import Object, Operation, as_object

GOOD = range(200, 300)
REFUSED = {400, 422}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request that should have made an object."""

    operation: str
    status: int
    excerpt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """A tenant with what it owns."""

    client: Client
    author: Author
    ledger: Ledger

    @property
    def canaries(self) -> Canaries:
        """The tenant's marks."""
        return self.author.canaries


def open_estate(client: Client, document: Object, seed: str) -> Estate:
    """An empty estate; the seed decides the marks."""
    chance, ledger = Random(seed), Ledger()  # noqa: S311 - a mark is no secret
    author = Author(
        document=document,
        chance=chance,
        canaries=draw_canaries(chance),
        refer=ledger.refer,
    )
    return Estate(client=client, author=author, ledger=ledger)


def plant(estate: Estate, operations: Sequence[Operation]) -> Iterator[Step]:
    """Make one object with every creating operation, parents first, then list what there is.

    Lists come last, so that a path is filled with marked objects before unmarked ones; what only a
    list shows (the first member, a default key) may allow further creations, so these are tried
    once more.
    """
    left = [each for each in operations if creates(each, operations, estate.author)]
    left.sort(key=lambda each: (len(each.names), not is_collection(each, operations)))
    yield from create_all(estate, left)
    browse(estate, operations)
    yield from create_all(estate, left)


def create_all(estate: Estate, left: list[Operation]) -> Iterator[Step]:
    """Create as long as a path can be filled; what was tried is removed from `left`."""
    while True:
        ready = next((each for each in left if any(True for _ in estate.ledger.fill(each))), None)
        if ready is None:
            return
        left.remove(ready)
        yield create(estate, ready)


def create(estate: Estate, operation: Operation) -> Step:
    """Make one object, with all marked fields, or with the required ones when that is refused."""
    values = next(estate.ledger.fill(operation))
    parents = parents_of(operation.path, values)
    answer, body = send(estate, operation, values, estate.author)
    if answer.status in REFUSED:
        answer, body = send(estate, operation, values, replace(estate.author, full=False))
    if answer.status in GOOD:
        resource = resource_of(operation.path)
        estate.ledger.note(resource, answer.json(), parents)
        for name, member in as_object(body).items():
            estate.ledger.note(stem(name), member if isinstance(member, list) else None, parents)
    return Step(operation=operation.label, status=answer.status, excerpt=answer.body[:200])


def send(
    estate: Estate, operation: Operation, values: tuple[str, ...], author: Author
) -> tuple[Answer, Json]:
    """Call the operation with a written body."""
    body = author.write(dict(operation.body)) if operation.body else None
    path = target(operation, values, author)
    return estate.client.request(operation.method, path, body=body), body


def browse(estate: Estate, operations: Sequence[Operation]) -> None:
    """Read every list that can be reached, and note the objects in it."""
    for operation in operations:
        if operation.method == "GET" and not operation.reads_one and not operation.public:
            values = next(estate.ledger.fill(operation), None)
            if values is not None:
                answer = estate.client.request("GET", target(operation, values, estate.author))
                if answer.status in GOOD:
                    parents = parents_of(operation.path, values)
                    estate.ledger.note(resource_of(operation.path), answer.json(), parents)


def target(operation: Operation, values: tuple[str, ...], author: Author) -> str:
    """The path with its parameters, and the query parameters that are required."""
    query = {name: author.write(schema, name) for name, schema in operation.query.items()}
    return expand(operation.path, values) + (f"?{urlencode(query)}" if query else "")


def creates(operation: Operation, operations: Sequence[Operation], author: Author) -> bool:
    """Does the operation make objects, or give an object content of its own?

    A POST on a collection does, and a POST whose body can carry a mark; other POSTs are actions
    (finish, revoke, rotate …) that may end what they act on.
    """
    if operation.method != "POST":
        return False
    carries = bool(operation.body) and author.carries(dict(operation.body))
    return carries or is_collection(operation, operations)


def is_collection(operation: Operation, operations: Sequence[Operation]) -> bool:
    """Can what is posted here be read here, or below?"""
    return any(
        each.method == "GET"
        and (each.path == operation.path or each.path.startswith(f"{operation.path}/{{"))
        for each in operations
    )
