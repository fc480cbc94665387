"""In which ways can a tenant's request end while the service holds its only connection?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class in lower case

from gate.check import Answer, Client, Lone, NoAnswerError
from gate.model import Json, Observation
from gate.testbed.locks import lock_tables
from gate.testbed.waiting import until
from validators.estates.estate import Estate
from validators.estates.ground import Ground
from validators.messages.calls import Call
from validators.messages.traces import like

SHORT, LONG, PATIENCE = 0.5, 3.0, 15.0
BAD, CONFLICT, FAILED = 400, 409, 500
BLOCKED = "SELECT pid FROM pg_stat_activity WHERE pid = ANY(%s) AND wait_event_type = 'Lock'"
OPEN = "SELECT pid FROM pg_stat_activity WHERE pid = ANY(%s) AND state = 'idle in transaction'"
# Shorter than what a service may let PostgreSQL wait before it ends such a session by itself.
ABANDONED = """
SELECT pid FROM pg_stat_activity WHERE pid = ANY(%s) AND state LIKE 'idle in transaction%%'
AND clock_timestamp() - state_change > interval '1.2 s'
"""
CANCEL, TERMINATE = "SELECT pg_cancel_backend(%s)", "SELECT pg_terminate_backend(%s)"
Left = Mapping[str, Json]
Running = Future[Answer | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The lone instance, its two tenants, and what its connection is asked.

    `aside` are sessions that serve no request.
    """

    ground: Ground
    lone: Lone
    admin: Connection = field(repr=False)
    tenants: Mapping[str, str]
    relations: tuple[str, ...]
    question: str
    user: Estate
    next: Estate
    aside: frozenset[int] = frozenset()

    def look(self) -> tuple[list[Left], tuple[str, ...]]:
        """What each connection holds; or the states of those whose transaction does not end.

        A statement may take its time; a transaction in which nothing is said any more is left open.
        A request whose client has gone may begin its next one right before the question is asked,
        which is then not the first of its transaction, and says nothing of what is left.
        """
        while True:
            until(
                lambda: set(self.lone.wire.states) <= {"idle"} or self.abandoned(), within=PATIENCE
            )
            if states := set(self.lone.wire.states) - {"idle"}:
                return [], (*sorted(states),)
            found = [json.loads(each or "{}") for _, each in self.lone.wire.ask(self.question)]
            if all(each["alone"] for each in found):
                return found, ()

    def abandoned(self) -> bool:
        """Has a session been silent in a transaction for longer than a service needs to think?"""
        return bool(self.sessions(ABANDONED))

    def sessions(self, query: str) -> list[int]:
        """Which of the sessions that serve requests are in that state now?"""
        serving = [each for each in self.lone.wire.sessions if each not in self.aside]
        with self.admin.cursor() as cursor:
            cursor.execute(query, (serving,))
            return [pid for (pid,) in cursor.fetchall()]

    def await_sessions(self, query: str, running: Running) -> list[int]:
        """The service's sessions in that state, as soon as there are any; none once it is over."""
        until(lambda: running.done() or bool(self.sessions(query)), within=LONG)
        return self.sessions(query)

    def tell(self, statement: str, pids: Sequence[int]) -> None:
        """End what these sessions do."""
        with self.admin.cursor() as cursor:
            for pid in pids:
                cursor.execute(statement, (pid,))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else can touch a tenant's row until the end of the block."""
        names = [sql.Identifier(*each.split(".", 1)) for each in self.relations]
        with closing(psycopg2.connect(self.ground.testbed.database().url)) as holder:
            lock_tables(holder, names, "ACCESS EXCLUSIVE")
            yield

    def note(self, kind: str, subject: str, **data: Json) -> Observation:
        """One fact."""
        return Observation(
            kind=kind, subject=subject, at=self.ground.testbed.clock(), data={**data}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """One way for a request to end: what holds it up meanwhile, and what then happens to it.

    Of several calls the first one counts that ends so: what a cache answers waits for no lock.
    `came` says whether an answer (None when there is none) shows that it ended in this way.
    """

    name: str
    calls: tuple[Call, ...]
    came: Callable[[Answer | None], bool]
    during: Callable[[Scene], AbstractContextManager[None]] = lambda _: nullcontext()
    strike: Callable[[Scene, Running], bool] = lambda _, __: True
    timeout: float = 10.0


def bring_about(scene: Scene, ending: Ending) -> tuple[bool, Call, int]:
    """Send a request and strike while it is held up; did it end so, which one, which status?"""
    call, status = ending.calls[0], 0
    for call in ending.calls:
        with ThreadPoolExecutor(1) as thread, ending.during(scene):
            running = thread.submit(ask, scene.user.client, call, ending.timeout)
            struck = ending.strike(scene, running)
            answer = running.result()
        status = answer.status if answer else 0
        if struck and ending.came(answer):
            return True, call, status
    return False, call, status


def ask(client: Client, call: Call, timeout: float) -> Answer | None:
    """The answer; None when there is none."""
    with suppress(NoAnswerError):
        return client.request(
            call.operation.method,
            call.target,
            body=call.body,
            headers=call.headers,
            timeout=timeout,
        )
    return None


def succeeded(answer: Answer | None) -> bool:
    """Was it granted?"""
    return answer is not None and answer.status < BAD


def refused(answer: Answer | None) -> bool:
    """Was it answered with no?"""
    return answer is not None and BAD <= answer.status < FAILED


def failed(answer: Answer | None) -> bool:
    """Did it come to nothing, with or without an answer?"""
    return answer is None or answer.status >= BAD


def unanswered(answer: Answer | None) -> bool:
    """Had the client gone before the answer came?"""
    return answer is None


def is_blocked(scene: Scene, running: Running) -> bool:
    """Does the request wait for our lock?"""
    return bool(scene.await_sessions(BLOCKED, running))


def strike(scene: Scene, running: Running, state: str, statement: str) -> bool:
    """Do something to the request's session as soon as it is in that state."""
    found = scene.await_sessions(state, running)
    scene.tell(statement, found)
    return bool(found)


def endings(scene: Scene, reads: Sequence[Call]) -> Iterator[Ending]:
    """The ways to end, in turn; a write is made anew for each of them."""
    chance = Random(scene.ground.testbed.seed)  # noqa: S311 - ids that nobody has
    if reads:
        yield Ending(name="a read that succeeds", calls=tuple(reads), came=succeeded)
        yield from held_up("a read", lambda: tuple(reads))
    for call in [each for each in reads if each.path][:1]:
        path = (*call.path[:-1], like(call.path[-1], chance))
        yield Ending(name="a read of nothing", calls=(replace(call, path=path),), came=refused)
    origin = unique_origin(scene.user)
    if origin is None:
        return

    def write() -> tuple[Call, ...]:
        return (scene.user.write(origin.operation, origin.path),)

    yield Ending(name="a write that succeeds", calls=write(), came=succeeded)
    yield Ending(name="a write that conflicts", calls=(origin,), came=refused)
    body: Json = {"name": [scene.user.canaries.token]}
    yield Ending(name="a malformed write", calls=(replace(origin, body=body),), came=refused)
    yield from held_up("a write", write)
    yield Ending(
        name="a write, killed within its transaction",
        calls=write(),
        came=failed,
        during=lambda scene: scene.lone.wire.hold(),
        strike=partial(strike, state=OPEN, statement=TERMINATE),
    )


def held_up(what: str, calls: Callable[[], tuple[Call, ...]]) -> Iterator[Ending]:
    """A request that waits for a lock, and what may become of it."""
    yield Ending(
        name=f"{what}, its statement cancelled",
        calls=calls(),
        came=failed,
        during=Scene.locked,
        strike=partial(strike, state=BLOCKED, statement=CANCEL),
    )
    yield Ending(
        name=f"{what}, waiting too long for a lock",
        calls=calls(),
        came=failed,
        during=Scene.locked,
        strike=is_blocked,
    )
    yield Ending(
        name=f"{what}, its client gone",
        calls=calls(),
        came=unanswered,
        during=Scene.locked,
        strike=is_blocked,
        timeout=SHORT,
    )
    yield Ending(
        name=f"{what}, its connection killed",
        calls=calls(),
        came=failed,
        during=Scene.locked,
        strike=partial(strike, state=BLOCKED, statement=TERMINATE),
    )


def unique_origin(estate: Estate) -> Call | None:
    """A creation that is refused as a conflict when it is sent again."""
    things = [each for each in estate.ledger.things if each.origin]
    # The deepest first: what belongs to something else is looked up before it is made.
    for thing in sorted(things, key=lambda each: -len(each.parents)):
        made = estate.renew(thing)
        if made is None or made.origin is None:
            continue
        if estate.send(made.origin).status == CONFLICT:
            return made.origin
    return None
