"""Which statements does each request send to the database, and in which tenant's scope?"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from random import Random
from uuid import UUID

from gate.check import Answer, Testbed
from gate.inside import Statement
from gate.model import Json, Observation
from gate.testbed.proxy import Operations
from validators.behind.traffic import own_reads, settle_anew
from validators.database.catalogue import Fact, read_catalogue
from validators.database.rows import connect
from validators.database.scopes import Follower, Use
from validators.database.sql_steps import Setting, UnreadableError, shape
from validators.document.repeatable import declared_headers
from validators.estates.anew import made_by, make
from validators.estates.estate import FULL, LEAST, LINKED, Estate
from validators.estates.ground import Ground, stand
from validators.estates.newcomers import newcomer, takes_newcomers
from validators.messages.calls import Call
from validators.messages.patience import Relay
from validators.messages.traces import like

REPEATS = 2
QUIET = 0.5
MOST_REPEATED = 3
BACKGROUND = "between requests"
OPENED = "SET"
# As PostgreSQL writes a policy's condition: `(current_setting('app.operator'::text, true) = 'on'`.
OPENER = re.compile(r"current_setting\('([^']+)'(?:::text)?(?:, \w+)?\) = '([^']*)'")
BEGUN = re.compile(r"(?i)\s*(BEGIN|START\s+TRANSACTION)\b")
CONFUSING = ("X-Tenant-Id", "X-Tenant", "X-Organization-Id")
COUNTS = ("statements", "foreign", "unscoped", "lasting", "unbound")
Hear = Callable[[], Sequence[Statement]]
Place = tuple[str, str, str]
"""An operation, a verb and a relation."""


@dataclass(slots=True, kw_only=True)
class Ledger:
    """What was heard so far. `ids` are the tenants' by name."""

    hear: Hear = field(repr=False)
    follower: Follower
    operations: Operations
    ids: Mapping[str, str]
    counts: dict[Place, Counter[str]] = field(default_factory=dict)
    examples: dict[tuple[Place, str], str] = field(default_factory=dict)
    lasting: Counter[str] = field(default_factory=Counter)
    widened: Counter[tuple[str, str]] = field(default_factory=Counter)
    unread: dict[str, str] = field(default_factory=dict)
    idle: set[str] = field(default_factory=set)
    cut: dict[int, str] = field(default_factory=dict)

    def listen(self, label: str, tenant: str) -> dict[Place, str]:
        """Count what was said since the last time; what was in another tenant's scope or wider."""
        own, foreign = self.ids.get(tenant, ""), dict[Place, str]()
        for statement in self.hear():
            try:
                steps = list(self.follower.follow(statement, own))
            except UnreadableError as error:
                self.unread[label] = str(error)
                continue
            if self.is_cut(statement):
                continue
            for step in steps:
                if isinstance(step, Setting):
                    foreign |= self.set_by(label, own, step)
                elif self.count(label, own, step):
                    place = (label, step.touch.verb, step.touch.relation)
                    foreign[place] = step.statement.text
                elif label == BACKGROUND:
                    self.idle.add(step.statement.text)
        return foreign

    def set_by(self, label: str, own: str, setting: Setting) -> dict[Place, str]:
        """Count a scope that a session keeps; what widens a tenant's own is told of."""
        if setting.name == self.follower.setting:
            self.lasting[label] += 1
            return {}
        return {(label, OPENED, setting.name): ""} if own else {}

    def is_cut(self, statement: Statement) -> bool:
        """Is it of a transaction that a session was in when the log began?

        What such a transaction has said before, its scope above all, nobody has heard.
        """
        whole = BEGUN.match(statement.text)
        now = self.cut.setdefault(statement.session, "" if whole else statement.transaction)
        return now == statement.transaction

    def of_requests(self, suspects: Mapping[Place, str]) -> dict[Place, str]:
        """These without what is said in the same words between requests: it is a job's."""
        idle = {shape(text) for text in self.idle} if suspects else set[str]()
        return {
            place: text for place, text in suspects.items() if not text or shape(text) not in idle
        }

    def count(self, label: str, own: str, use: Use) -> bool:
        """Count one use; True when its scope is another tenant's than the caller's."""
        place = (label, use.touch.verb, use.touch.relation)
        counts = self.counts.setdefault(place, Counter())
        said = {
            "statements": True,
            "unscoped": not use.scope,
            "lasting": bool(use.scope) and use.lasting,
            "unbound": not use.touch.bound,
        }
        for name, holds in said.items():
            counts[name] += holds
            if holds:
                self.examples.setdefault((place, name), use.statement.text)
        return bool(use.scope and own) and use.scope != own

    def confirm(self, suspects: Mapping[Place, str]) -> None:
        """These were in another tenant's scope every time that the request was sent."""
        for place, text in suspects.items():
            label, verb, name = place
            if verb == OPENED:
                self.widened[label, name] += 1
                continue
            self.counts[place]["foreign"] += 1
            self.examples.setdefault((place, "foreign"), text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overheard(Relay):
    """A client whose every request is listened to; implements `gate.check.Client`.

    What runs in another tenant's scope may be a job of that tenant: it counts when it comes again
    each time that the request is sent again, and never while nobody asks for anything.
    """

    ledger: Ledger

    def ask(
        self,
        method: str,
        path: str,
        body: Json,
        headers: Mapping[str, str] | None,
        timeout: float,
    ) -> Answer:
        """Send one request and note what it made the service say."""
        label = self.ledger.operations.name(method, path.partition("?")[0])
        self.ledger.listen(BACKGROUND, "")
        answer = self.client.request(method, path, body=body, headers=headers, timeout=timeout)
        suspects = self.ledger.listen(label, self.tenant)
        for _ in range(REPEATS if suspects else 0):
            self.client.request(method, path, body=body, headers=headers, timeout=timeout)
            again = self.ledger.listen(label, self.tenant)
            suspects = {place: text for place, text in suspects.items() if place in again}
        if suspects:
            time.sleep(QUIET)
            self.ledger.listen(BACKGROUND, "")
        self.ledger.confirm(self.ledger.of_requests(suspects))
        return answer


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Send every kind of request as both tenants, and read what PostgreSQL's log says of each.

    They go to a second instance of the service, which starts once the log is on: what a session
    has prepared is known only to who has heard it.

    Each tenant makes marked objects, some in requests that are sent twice, reads them, asks for the
    other's and for absent ones while a header names the other tenant, changes its objects and ends
    them. One request at a time, so that the statements between two moments are its own. Counted
    per operation, verb and relation with the tenant's column: in which scope, set for how long, and
    whether the statement names the tenant itself. No text of a statement is recorded with its
    values.
    """
    ground = stand(testbed)
    yield from ground.facts
    if ground.vacuous:
        return
    tenancy = testbed.tenancy()
    with connect(tenancy) as connection:
        facts = [*read_catalogue(connection, tenancy.column)]
    relations = frozenset(
        each.subject for each in facts if each.kind == "relation" and each.data["has_tenant"]
    )
    with testbed.statements() as hear, testbed.lone() as lone:
        ledger = Ledger(
            hear=hear,
            follower=Follower(
                setting=tenancy.setting,
                column=tenancy.column,
                relations=relations,
                openers=openers_in(facts),
            ),
            operations=Operations.of(testbed.openapi()),
            ids=tenancy.tenants,
        )
        walk(ground, ledger, lone.testbed)
    yield from tell(testbed, ledger, relations)


def openers_in(facts: Sequence[Fact]) -> frozenset[tuple[str, str]]:
    """The settings besides the tenant's own that policies compare with a value, and that value."""
    policies = (each.data for each in facts if each.kind == "policy")
    conditions = (str(each[part]) for each in policies for part in ("using", "check"))
    return frozenset(found for each in conditions for found in OPENER.findall(each))


def walk(ground: Ground, ledger: Ledger, service: Testbed) -> None:
    """Everything that both tenants ask of this instance for, one request at a time."""
    overheard = [
        replace(
            each,
            client=Overheard(client=service.actor(each.client.tenant), ledger=ledger),
        )
        for each in ground.estates
    ]
    heard = replace(ground, estates=(overheard[0], overheard[1]))
    salt = f"statements:{ground.testbed.seed}:{ground.testbed.clock()}"
    one, two = settle_anew(heard, salt, {})
    for estate, other in ((one, two), (two, one)):
        for _ in own_reads(heard, estate):
            pass
        repeat(heard, estate)
        for call in [*strange_reads(heard, estate, other), *changes(heard, estate)]:
            estate.send(call)
    sacrifice(ground, ledger, service)


def sacrifice(ground: Ground, ledger: Ledger, service: Testbed) -> None:
    """What ends what cannot be made again, each in a new tenant of its own."""
    duel, _ = replace(ground, testbed=service).duels()
    for operation in ground.operations if takes_newcomers(duel) else ():
        things = next(duel.victim.ledger.match(operation), None) if operation.ends else None
        if things is None or things[-1].origin is not None or not operation.speakable:
            continue
        with newcomer(duel, operation) as other:
            values = next(other.victim.ledger.fill(operation), None) if other else None
            if other is not None and values is not None:
                owner = Overheard(client=other.victim.client, ledger=ledger)
                call = other.victim.write(operation, values)
                replace(other.victim, client=owner).send(call)


def repeat(ground: Ground, estate: Estate) -> None:
    """Make some objects with a key that makes the request repeatable, and send each once more."""
    chance = Random(ground.testbed.seed)  # noqa: S311 - a key is no secret here
    headers = declared_headers(ground.testbed.openapi())
    found = (made_by(estate, each) for each in ground.operations if each.label in headers)
    for known in islice(filter(None, found), MOST_REPEATED):
        label = known.origin.operation.label if known.origin else ""
        key = str(UUID(int=chance.getrandbits(128), version=4))
        done = make(estate, known, {headers[label]: key})
        if done is not None:
            estate.send(done.call)


def strange_reads(ground: Ground, estate: Estate, other: Estate) -> Iterator[Call]:
    """Reads of the other tenant's objects and of absent ones; headers name the other tenant."""
    chance = Random(ground.testbed.seed)  # noqa: S311 - ids that nobody has
    headers = dict.fromkeys(CONFUSING, ground.testbed.tenancy().tenants[other.client.tenant])
    for operation in ground.operations:
        if operation.method != "GET" or not operation.speakable or operation.public:
            continue
        values = next(other.ledger.fill(operation), None)
        for path in {values, tuple(like(each, chance) for each in values)} if values else ():
            call = estate.write(operation, path, recipe=LEAST)
            yield replace(call, headers={**call.headers, **headers})


def changes(ground: Ground, estate: Estate) -> Iterator[Call]:
    """The changes of the tenant's own objects, those that end something last."""
    later = [each for each in ground.operations if each.names and not each.safe and each.speakable]
    for operation in sorted(later, key=lambda each: (each.ends, -len(each.names))):
        things = next(estate.ledger.match(operation), None)
        if things is not None and things[-1].origin is not None:
            values = next(estate.ledger.fill(operation))
            for recipe in (FULL,) if operation.ends else (LINKED, FULL):
                yield estate.write(operation, values, {}, recipe, things[-1].fields)


def tell(testbed: Testbed, ledger: Ledger, relations: frozenset[str]) -> Iterator[Observation]:
    """One fact per operation, verb and relation; what could not be read; what was never touched."""
    for place, counts in ledger.counts.items():
        label, verb, relation = place
        told: dict[str, Json] = {name: counts[name] for name in COUNTS}
        worst = next((name for name in COUNTS[1:] if counts[name]), COUNTS[0])
        example = ledger.examples.get((place, worst)) or ledger.examples[place, COUNTS[0]]
        yield Observation(
            kind="touch",
            subject=f"{label}: {verb} {relation}",
            at=testbed.clock(),
            data={"operation": label, "relation": relation, **told, "sql": shape(example)[:500]},
        )
    for kind, found in (("lasting", ledger.lasting), ("unread", ledger.unread)):
        for label, said in found.items():
            yield Observation(kind=kind, subject=label, at=testbed.clock(), data={"said": said})
    for (label, name), times in ledger.widened.items():
        data: dict[str, Json] = {"said": times, "setting": name}
        yield Observation(kind="widened", subject=label, at=testbed.clock(), data=data)
    yield from layers(testbed, ledger)
    touched = {relation for _, _, relation in ledger.counts}
    yield Observation(
        kind="surveyed",
        subject="statements",
        at=testbed.clock(),
        data={
            "relations": [*sorted(touched)],
            "untouched": [*sorted(relations - touched)],
            "operations": len({label for label, _, _ in ledger.counts} - {BACKGROUND}),
        },
    )


def layers(testbed: Testbed, ledger: Ledger) -> Iterator[Observation]:
    """One fact per relation: how many of its statements had a scope, how many named the tenant."""
    for relation in sorted({relation for _, _, relation in ledger.counts}):
        own = [(place, each) for place, each in ledger.counts.items() if place[2] == relation]
        total = sum(each["statements"] for _, each in own)
        yield Observation(
            kind="layers",
            subject=relation,
            at=testbed.clock(),
            data={
                "statements": total,
                "scoped": total - sum(each["unscoped"] for _, each in own),
                "bound": total - sum(each["unbound"] for _, each in own),
                "operations": len({label for (label, _, _), _ in own} - {BACKGROUND}),
            },
        )
