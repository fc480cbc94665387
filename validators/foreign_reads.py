"""What does each tenant get for the ids of the other, and for ids that nobody has?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from random import Random

from gate.check import Answer, Client, Testbed
from gate.model import Json, Observation
from validators.operations import Operation, list_operations, usable_schemes
from validators.planting import GOOD, Estate, open_estate, plant, target
from validators.traces import EXCERPT, digest, find_marks, fingerprint, like, normalise

ATTEMPTS = 5
Values = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """A path to read: `ids` says whose id stands where, `own/foreign`."""

    operation: Operation
    values: Values
    ids: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """One direction: `attacker` tries to read what `victim` owns."""

    testbed: Testbed
    victim: Estate
    attacker: Estate
    chance: Random

    @property
    def direction(self) -> dict[str, Json]:
        """Who attacks whom, for the record."""
        return {"victim": self.victim.client.tenant, "attacker": self.attacker.client.tenant}

    @property
    def marks(self) -> dict[str, str]:
        """What only the victim has: its canary token and its ids."""
        ids = self.victim.ledger.ids - self.attacker.ledger.ids
        return {self.victim.canaries.token: "canary", **dict.fromkeys(ids, "id")}

    def note(self, kind: str, operation: Operation, **data: Json) -> Observation:
        """One fact about this direction."""
        return Observation(
            kind=kind,
            subject=operation.label,
            at=self.testbed.clock(),
            data={**self.direction, **data},
        )


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Plant objects in two tenants, then read each one's as the other tenant and as nobody.

    From the OpenAPI document alone: POST operations are called in the order of their path
    parameters, with bodies written from their schemas and a random mark of the tenant in every
    free text. Each GET with path parameters is then asked by its owner (the positive control), by
    the other tenant's owner with the foreign ids and with every mix of own and foreign ids, by
    nobody, and with ids of the same shape that never existed. Method: RESTler's namespace rule and
    the reference documents of OWASP API1:2023, with content instead of status as the oracle.
    """
    document = testbed.openapi()
    operations = list_operations(document)
    names = testbed.tenants[:2]
    sent = frozenset(name.lower() for name in testbed.actor(names[0]).credentials)
    schemes = usable_schemes(document, operations, sent)
    usable = [each for each in operations if is_usable(each, schemes)]
    # The clock keeps names apart when one testbed is probed twice; requests stay the same.
    salt = f"{testbed.seed}:{testbed.clock()}"
    estates = [open_estate(testbed.actor(name), document, f"{salt}:{name}") for name in names]
    for estate in estates:
        yield from record_steps(testbed, estate, usable)
    reads = [each for each in operations if each.method == "GET" and each.names]
    for victim, attacker in (estates, estates[::-1]):
        chance = Random(f"{salt}:{victim.client.tenant}")  # noqa: S311 - ids nobody has, no secret
        duel = Duel(testbed=testbed, victim=victim, attacker=attacker, chance=chance)
        for operation in reads:
            yield from fight(duel, operation, reason_to_skip(operation, schemes))


def record_steps(
    testbed: Testbed, estate: Estate, usable: Sequence[Operation]
) -> Iterator[Observation]:
    """Plant the tenant's objects; one fact per request that should make one."""
    for step in plant(estate, usable):
        yield Observation(
            kind="planted",
            subject=step.operation,
            at=testbed.clock(),
            data={
                "tenant": estate.client.tenant,
                "status": step.status,
                "excerpt": "" if step.status in GOOD else step.excerpt,
            },
        )


def is_usable(operation: Operation, schemes: frozenset[str]) -> bool:
    """Can a tenant's principal call it, as far as the document says?"""
    return operation.public or any(each <= schemes for each in operation.schemes)


def reason_to_skip(operation: Operation, schemes: frozenset[str]) -> str | None:
    """Why the question does not arise for this operation, or None."""
    if operation.public:
        return "the document declares it readable by anybody"
    if not is_usable(operation, schemes):
        asked = " or ".join(sorted("+".join(sorted(each)) for each in operation.schemes))
        return f"the document asks for another credential: {asked}"
    return None


def fight(duel: Duel, operation: Operation, skip: str | None) -> Iterator[Observation]:
    """Everything about one operation in one direction."""
    if skip is not None:
        yield duel.note("not-applicable", operation, reason=skip)
        return
    values, owned = read_own(duel.victim, operation)
    if values is None or owned is None:
        yield duel.note("unreached", operation, reason="no known object fits into the path")
        return
    yield duel.note(
        "owned-read",
        operation,
        status=owned.status,
        positive=is_positive(duel.victim, operation, values, owned),
        excerpt=owned.body[:EXCERPT],
    )
    mine, other = read_own(duel.attacker, operation)
    shared = [other.body] if other else []
    yield from attack(duel, operation, values, mine, fingerprint(owned, [*shared, *values]))


def read_own(estate: Estate, operation: Operation) -> tuple[Values | None, Answer | None]:
    """The first path that shows the owner something of his own, else the first path tried."""
    tried: tuple[Values | None, Answer | None] = (None, None)
    for values in islice(estate.ledger.fill(operation), ATTEMPTS):
        answer = estate.client.request("GET", target(operation, values, estate.author))
        if is_positive(estate, operation, values, answer):
            return values, answer
        tried = tried if tried[0] is not None else (values, answer)
    return tried


def is_positive(estate: Estate, operation: Operation, values: Values, answer: Answer) -> bool:
    """Does the owner see his own object: a canary, another id of his, or the object's own id?"""
    expected = {estate.canaries.token, *(estate.ledger.ids - set(values))}
    if operation.reads_one:
        expected.add(values[-1])
    return answer.status in GOOD and any(each in answer.body for each in expected)


def attack(
    duel: Duel, operation: Operation, values: Values, mine: Values | None, extra: Mapping[str, str]
) -> Iterator[Observation]:
    """Foreign ids, mixed ids and absent ids as the other tenant; foreign ids as nobody."""
    marks = {**extra, **duel.marks}
    nobody = duel.testbed.actor("", "anonymous")
    whole = Aim(operation=operation, values=values, ids="foreign")
    yield read_foreign(duel, nobody, whole, marks)
    for ids, mixed, absent in mixes(values, mine, duel.chance):
        aim = Aim(operation=operation, values=mixed, ids=ids)
        yield read_foreign(duel, duel.attacker.client, aim, marks)
        for stand_in in absent:
            yield read_absent(duel, replace(aim, values=stand_in))


def mixes(
    values: Values, mine: Values | None, chance: Random
) -> Iterator[tuple[str, Values, tuple[Values, Values]]]:
    """Every choice of own and foreign ids but the attacker's own path, each with two stand-ins.

    A value that both tenants have (version 1) counts as the attacker's own. In a stand-in every
    foreign value gives way to one of its shape that nobody has.
    """
    pairs = list(zip(values, mine or values, strict=True))
    options = [
        ("foreign",) if mine is None else ("own",) if own == value else ("foreign", "own")
        for value, own in pairs
    ]
    for choice in product(*options):
        if "foreign" in choice:
            mixed = choose(choice, pairs)
            absent = [(like(foreign, chance), own) for foreign, own in pairs]
            again = [(like(foreign, chance), own) for foreign, own in pairs]
            yield "/".join(choice), mixed, (choose(choice, absent), choose(choice, again))


def choose(choice: Sequence[str], pairs: Sequence[tuple[str, str]]) -> Values:
    """For each position the foreign or the own value."""
    return tuple(
        foreign if word == "foreign" else own
        for word, (foreign, own) in zip(choice, pairs, strict=True)
    )


def read_foreign(duel: Duel, client: Client, aim: Aim, marks: Mapping[str, str]) -> Observation:
    """Ask for what belongs to the victim."""
    path = target(aim.operation, aim.values, duel.attacker.author)
    answer = client.request("GET", path)
    own = {duel.attacker.canaries.token, *(duel.attacker.ledger.ids - duel.victim.ledger.ids)}
    return duel.note(
        "foreign-read",
        aim.operation,
        role=client.role,
        ids=aim.ids,
        traces=find_marks(answer, marks, aim.values),
        own=any(each in answer.body for each in own - set(aim.values)),
        curl=client.curl("GET", path),
        **describe(answer, aim.values),
    )


def read_absent(duel: Duel, aim: Aim) -> Observation:
    """Ask for what never existed."""
    path = target(aim.operation, aim.values, duel.attacker.author)
    client = duel.attacker.client
    data = describe(client.request("GET", path), aim.values)
    curl = client.curl("GET", path)
    return duel.note("absent-read", aim.operation, ids=aim.ids, curl=curl, **data)


def describe(answer: Answer, sent: Sequence[str]) -> dict[str, Json]:
    """Status, digests that make answers comparable, and the start of the normalised body."""
    return {
        "status": answer.status,
        "digest": digest(answer, sent),
        "excerpt": normalise(answer.body, sent)[:EXCERPT],
    }
