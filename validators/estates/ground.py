"""On which ground do all isolation checks of a run stand: two tenants with isomorphic estates?

From the document to an operation list, from there to the same objects in both tenants, marked. It
is laid once per testbed and shared by the checks; each check records the facts that it rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from random import Random

from gate.check import Client, Testbed
from gate.model import Doubt, Json, Observation
from gate.testbed.hints import Hints, hints_of, roles_of, salt_of
from validators.document.operations import Object, Operation, list_operations
from validators.document.relations import related
from validators.document.schemes import usable_schemes
from validators.estates.byproducts import colleagues_of, learn_sources
from validators.estates.envelope import Envelope
from validators.estates.estate import Estate, open_estate
from validators.estates.feeding import feed
from validators.estates.footing import Footing, is_about_people, judge_footing
from validators.estates.learned_reads import learn_reads
from validators.estates.left_behind import learn_left
from validators.estates.planting import Step, learn_refusals, plant
from validators.estates.principals import introductions
from validators.messages.bodies import Author, Canaries
from validators.messages.patience import Patient, Silence

NOBODY = ("", "anonymous")
LONGEST = 120
UNSPOKEN = "its body cannot be written, or its answer not read to the end, from its schema"


@dataclass(frozen=True, slots=True)
class Same:
    """A testbed as a key: equal to itself only."""

    testbed: Testbed = field(compare=False)
    identity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the checks share. `operations` are those that a tenant may call; `skipped` says why not.

    `facts` were seen while it was laid.
    """

    testbed: Testbed
    declared: tuple[Operation, ...]
    operations: tuple[Operation, ...]
    skipped: dict[str, str]
    estates: tuple[Estate, Estate]
    envelope: Envelope
    nobody: Client
    silence: Silence
    hints: Hints
    secured: bool
    footing: Footing
    facts: tuple[Observation, ...]

    @property
    def private(self) -> tuple[Operation, ...]:
        """Those that are not shared by word: what changes there says nothing of one tenant."""
        return tuple(each for each in self.operations if not self.hints.is_shared(each.label))

    @property
    def vacuous(self) -> bool:
        """Would nothing that is seen here mean anything?"""
        return any(True for _ in judge_ground(self.facts))

    def duels(self) -> tuple[Duel, Duel]:
        """Both directions: the second tenant attacks the first, and the other way round."""
        one, two = self.estates
        return (
            Duel(ground=self, victim=one, attacker=two, chance=Random(one.canaries.token)),  # noqa: S311
            Duel(ground=self, victim=two, attacker=one, chance=Random(two.canaries.token)),  # noqa: S311
        )

    def left_out(self, wanted: Callable[[Operation], bool]) -> Iterator[Observation]:
        """What the target's owner leaves out counts as not looked at."""
        duel, _ = self.duels()
        for each in self.declared:
            if self.hints.leaves_out(each.label) and wanted(each):
                yield duel.note("unreached", each, reason=self.skipped[each.label])

    def after(self, operation: Operation) -> Iterator[Observation]:
        """What a principal has lost by an operation on people; each is told once."""
        if is_about_people(operation):
            yield from self.footing.look(operation.label, self.testbed.clock())

    def client(self, client: Client) -> Patient:
        """Another principal, as patient as the owners are."""
        return Patient(client=client, silence=self.silence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """One direction: `attacker` tries to reach what `victim` owns, perhaps `instead_of` another."""

    ground: Ground
    victim: Estate
    attacker: Estate
    chance: Random
    instead_of: str = ""

    def turned(self) -> Duel:
        """The other direction."""
        return replace(self, victim=self.attacker, attacker=self.victim)

    @property
    def marks(self) -> dict[str, str]:
        """What only the victim has: its canary token and its ids."""
        known, other = self.victim.ledger, self.attacker.ledger
        ids = (known.ids - other.ids) | (known.made - other.made)
        return {self.victim.canaries.token: "canary", **dict.fromkeys(ids, "id")}

    def note(self, kind: str, operation: Operation, **data: Json) -> Observation:
        """One fact about this direction."""
        return Observation(
            kind=kind,
            subject=operation.label,
            at=self.ground.testbed.clock(),
            data={
                "victim": self.instead_of or self.victim.client.tenant,
                "attacker": self.attacker.client.tenant,
                **data,
            },
        )


def stand(testbed: Testbed) -> Ground:
    """The ground of this testbed, laid when it is first asked for; and whether it still holds."""
    ground = laid(Same(testbed, id(testbed)))
    ground.footing.look("the end of the last check", testbed.clock())
    return replace(ground, facts=(*ground.facts, *ground.footing.lost))


@lru_cache(maxsize=1)
def laid(key: Same) -> Ground:
    """Lay it: plant isomorphic objects for two tenants, and learn how the service refuses."""
    testbed, silence, envelope = key.testbed, Silence(), Envelope()
    document, hints = testbed.openapi(), hints_of(testbed)
    declared = related(document, [checked(each, document) for each in list_operations(document)])
    names = testbed.tenants[:2]
    sent = frozenset(name.lower() for name in testbed.actor(names[0]).credentials)
    schemes = usable_schemes(document, declared, sent)
    skipped = {each.label: why for each in declared if (why := skip(each, schemes, hints))}
    operations = tuple(each for each in declared if each.label not in skipped)
    salt = salt_of(testbed, testbed.seed)
    introduce(testbed, operations, envelope, document)
    estates = [
        open_estate(
            Patient(client=testbed.actor(name), silence=silence),
            document,
            f"{salt}:{name}",
            envelope,
            hints.values,
        )
        for name in names
    ]
    estates[0].foreign.append(estates[1].canaries.token)
    estates[1].foreign.append(estates[0].canaries.token)
    estates = [
        replace(each, colleagues=colleagues_of(testbed, each.client, silence)) for each in estates
    ]
    facts = [fact for each in estates for fact in settle(testbed, each, operations)]
    nobody = Patient(client=testbed.actor(*NOBODY), silence=silence)
    closed = [each for each in declared if not (each in operations or hints.leaves_out(each.label))]
    for each in estates:
        feed(each, nobody, closed, operations)
    operations = learn_reads(estates, operations)
    footing = Footing()
    for each in estates if any(is_about_people(one) for one in operations) else ():
        roles = roles_of(testbed, each.client.tenant)
        actors = [testbed.actor(each.client.tenant, role) for role in roles]
        footing.take(each, [Patient(client=one, silence=silence) for one in actors], operations)
    read = {each.label for each in operations if each.reads}
    declared = tuple(replace(each, reads=each.label in read) for each in declared)
    return Ground(
        testbed=testbed,
        declared=declared,
        operations=operations,
        skipped=skipped,
        estates=(estates[0], estates[1]),
        envelope=envelope,
        nobody=nobody,
        silence=silence,
        hints=hints,
        secured=any(each.schemes for each in declared),
        footing=footing,
        facts=(*facts, *(seat(testbed, each, estates, declared, skipped) for each in estates)),
    )


def introduce(
    testbed: Testbed, operations: Sequence[Operation], envelope: Envelope, document: Object
) -> None:
    """Learn how the service calls the run's own principals, and which operations may unseat one."""
    author = reader_of(document)
    for each in operations:
        if each.speakable:
            envelope.principals.weigh(each, author.simplify(dict(each.body)))
    for tenant in testbed.tenants[:2] if envelope.principals.grave else ():
        for role in roles_of(testbed, tenant):
            actor = Patient(client=testbed.actor(tenant, role), silence=Silence())
            envelope.principals.recognise(actor.credentials)
            for read in introductions(operations):
                answer = actor.request("GET", read.path)
                if envelope.accepts(answer):
                    envelope.principals.learn(answer.json())


def reader_of(document: Object) -> Author:
    """An author who reads schemas only: nothing of his is sent."""
    return Author(
        document=document,
        chance=Random(0),  # noqa: S311 - nothing of it is sent
        canaries=Canaries("k"),
        refer=lambda _: None,
    )


def checked(operation: Operation, document: Object) -> Operation:
    """The operation, marked as one that cannot be spoken when its schemas cannot be followed."""
    author = reader_of(document)
    try:
        author.write(dict(operation.body))
        author.simplify(dict(operation.replies))
        for each in (*operation.query.values(), *operation.optional.values()):
            author.write(each)
    except (ValueError, RecursionError):
        return replace(operation, streams=True)
    return operation


def skip(operation: Operation, schemes: frozenset[str], hints: Hints) -> str | None:
    """Why an operation is left out of every check, or None."""
    if hints.leaves_out(operation.label):
        return "what is known of the target leaves it out"
    if operation.public or any(each <= schemes for each in operation.schemes):
        return None
    asked = " or ".join(sorted("+".join(sorted(each)) for each in operation.schemes))
    return f"the document asks for another credential: {asked}"


def settle(
    testbed: Testbed, estate: Estate, operations: Sequence[Operation]
) -> Iterator[Observation]:
    """Plant the tenant's objects; one fact per request that should make one."""
    for step in plant(estate, operations):
        yield planted(testbed, estate, step)
    learn_sources(estate, operations)
    learn_left(estate, operations)
    learn_refusals(estate, operations)


def planted(testbed: Testbed, estate: Estate, step: Step) -> Observation:
    """One creation, for the record."""
    return Observation(
        kind="planted",
        subject=step.operation,
        at=testbed.clock(),
        data={
            "tenant": estate.client.tenant,
            "status": step.status,
            "made": step.made,
            "excerpt": "" if step.made else step.excerpt,
        },
    )


def seat(
    testbed: Testbed,
    estate: Estate,
    estates: Sequence[Estate],
    declared: Sequence[Operation],
    skipped: Mapping[str, str],
) -> Observation:
    """Is this tenant somebody of his own, and does he own anything?

    Who was let in only where the document lets everybody in owns nothing: he may be nobody.
    """
    other = next(each for each in estates if each is not estate)
    closed = {each.label for each in declared if not each.public}
    barred = closed <= skipped.keys() and next((skipped[each] for each in sorted(closed)), "")
    let_in = not closed or bool(closed & {*estate.shown, *estate.created})
    made = [thing for thing in estate.ledger.things if thing.origin and let_in]
    return Observation(
        kind="seated",
        subject=estate.client.tenant,
        at=testbed.clock(),
        data={
            "distinct": dict(estate.client.credentials) != dict(other.client.credentials),
            "owns": len(made),
            "barred": barred or "",
            "marked": sum(estate.canaries.token in str(thing.fields) for thing in made),
            "resources": [*sorted({thing.resource for thing in made})],
        },
    )


def judge_ground(seen: Sequence[Observation]) -> Iterator[Doubt]:
    """Why nothing that was seen would mean anything: no two tenants, or one that owns nothing.

    Or one that has lost a principal.
    """
    yield from judge_footing(seen)
    for each in seen:
        if each.kind != "seated":
            continue
        if not each.data.get("distinct"):
            yield Doubt(subject=each.subject, reason="both tenants use the same credential")
        if not each.data.get("owns"):
            yield Doubt(subject=each.subject, reason=f"the tenant owns nothing{why(seen, each)}")


def why(seen: Sequence[Observation], seat: Observation) -> str:
    """What a tenant's attempts to make something got, and what may be wrong."""
    steps = [
        step
        for step in seen
        if step.kind == "planted"
        and step.data.get("tenant") == seat.subject
        and not step.data.get("made")
    ]
    refused = {str(step.data.get("status")) for step in steps}
    if seat.data.get("barred"):
        return f"; {seat.data['barred']}"
    if not refused:
        return ""
    got = f"; what should make something got {', '.join(sorted(refused))}"
    if "401" in refused:
        return f"{got}: is its credential wrong or expired?"
    said = [f" ({step.subject} said {said_in(step)})" for step in steps if said_in(step)]
    return got + next(iter(said), "")


def said_in(fact: Observation) -> str:
    """The beginning of what a refusal said, on one line."""
    text = " ".join(str(fact.data.get("excerpt") or "").split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
