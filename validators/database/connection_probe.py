"""What is left on the service's connection when a tenant's request has ended, however it ended?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import psycopg2

from gate.check import Answer, Lone, Testbed
from gate.model import Json, Observation
from validators.behind.traffic import own_reads
from validators.database.catalogue import Fact, read_catalogue
from validators.database.endings import BAD, FAILED, Left, Scene, bring_about, endings
from validators.database.rows import connect
from validators.estates.estate import Estate
from validators.estates.ground import Ground, stand
from validators.messages.calls import Call, send
from validators.messages.traces import find_marks

READS = 2
SETTING = re.compile(r"current_setting\('([^']+)'")
STATE = """
SELECT pg_backend_pid(), json_build_object(
  'scopes', json_build_array({scopes}),
  'acts_as', current_user = session_user, 'path', current_setting('search_path'),
  'temporary', (SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema()),
  'alone', now() = statement_timestamp(),
  'prepared', (SELECT count(*) FROM pg_prepared_statements WHERE statement ~ '{ids}'),
  'cursors', (SELECT count(*) FROM pg_cursors WHERE name <> ''),
  'locks', (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'),
  'settings', (SELECT coalesce(json_agg(name ORDER BY name), '[]') FROM pg_settings
               WHERE source = 'session'))
"""


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Start the service again with one connection, and end a tenant's requests on it in many ways.

    A relay between the service and PostgreSQL asks on the connection itself, before any tenant and
    after each ending: which tenant's scope is set, which role and search path, what is temporary,
    prepared, locked or set for the session, and whether a transaction is open. Then the other
    tenant reads its own objects and the first one's on the same connection. What holds a request
    up is a lock of ours on the tenants' relations.
    """
    ground = stand(testbed)
    yield from ground.facts
    if ground.vacuous:
        return
    tenancy = testbed.tenancy()
    with connect(tenancy) as connection:
        facts = [*read_catalogue(connection, tenancy.column)]
    with testbed.lone() as lone, closing(psycopg2.connect(testbed.database().url)) as admin:
        admin.autocommit = True
        user, other = (
            replace(each, client=lone.testbed.actor(each.client.tenant)) for each in ground.estates
        )
        scene = Scene(
            ground=ground,
            lone=lone,
            admin=admin,
            tenants=tenancy.tenants,
            relations=tuple(
                each.subject
                for each in facts
                if each.kind == "relation" and each.data["has_tenant"] and each.data["kind"] == "r"
            ),
            question=question_for(tenancy.setting, facts, tuple(tenancy.tenants.values())),
            user=user,
            next=other,
        )
        yield from play(scene)


def question_for(setting: str, facts: Sequence[Fact], ids: Sequence[str]) -> str:
    """What the connection is asked; the scopes are all settings that a policy reads."""
    conditions = [
        str(each.data[part])
        for each in facts
        if each.kind == "policy"
        for part in ("using", "check")
    ]
    names = sorted({setting, *(name for each in conditions for name in SETTING.findall(each))})
    scopes = ", ".join(f"current_setting('{name}', true)" for name in names)
    return STATE.format(scopes=scopes, ids="|".join(map(re.escape, ids)))


def play(scene: Scene) -> Iterator[Observation]:
    """Every ending, each followed by a look at the connection and by the other tenant's reads."""
    fresh, _ = scene.look()
    settings = sorted({str(name) for each in fresh for name in as_list(each["settings"])})
    path = str(fresh[0]["path"]) if fresh else ""
    yield scene.note("fresh", "connections", connections=len(fresh), settings=[*settings])
    reads = marked_reads(scene.ground, scene.next, scene.user)
    own = marked_reads(scene.ground, scene.user, scene.next)
    scene = replace(scene, aside=idlers(scene.lone))
    for ending in endings(scene, own):
        before = scene.lone.wire.sessions
        came, call, status = bring_about(scene, ending)
        if not came:
            reason = f"{call.operation.label} got {status or 'no answer'}"
            yield scene.note("missed", ending.name, reason=reason)
            continue
        found, states = scene.look()
        if states and bring_about(scene, ending)[0]:
            # A machine that stalls looks the same, once.
            found, states = scene.look()
        yield scene.note(
            "left",
            ending.name,
            request=call.operation.label,
            status=status,
            kept=bool(set(before) & set(scene.lone.wire.sessions) - scene.aside),
            states=[*states],
            **left_behind(scene, found, settings, path),
        )
        yield scene.note("next", ending.name, **ask_as_next(scene, reads))


def idlers(lone: Lone) -> frozenset[int]:
    """All sessions but the one on which most was said, which is the one that serves requests."""
    said = dict(zip(lone.wire.sessions, lone.wire.said, strict=True))
    return frozenset(said) - {max(said, key=said.__getitem__, default=0)}


def left_behind(
    scene: Scene, found: Sequence[Left], settings: Sequence[str], path: str
) -> dict[str, Json]:
    """What the connections hold that a fresh one does not; scopes in words, without ids."""
    names = {each: name for name, each in scene.tenants.items()}
    scopes = {str(value) for each in found for value in as_list(each["scopes"]) if value}
    later = {str(name) for each in found for name in as_list(each["settings"])} - set(settings)
    return {
        "connections": len(found),
        "scopes": [*sorted(names.get(each, "another value") for each in scopes)],
        "role": not all(each["acts_as"] for each in found),
        "path": any(each["path"] != path for each in found),
        "settings": [*sorted(later - {"role", "search_path"})],
        **{
            name: sum(int(str(each[name])) for each in found)
            for name in ("temporary", "prepared", "cursors", "locks")
        },
    }


def as_list(value: Json) -> Sequence[Json]:
    """The value as a JSON array; anything else is an empty one."""
    return value if isinstance(value, list) else ()


def marked_reads(ground: Ground, estate: Estate, other: Estate) -> list[Call]:
    """Own reads whose answer holds the tenant's own mark: of objects first, then of lists.

    None that holds the other's as well: a tenant may have given an object of its own a name that it
    has tried on another's before.
    """
    strange = marks_of(other, estate)
    found = [
        call
        for call, answer in own_reads(ground, estate)
        if estate.accepts(answer)
        and estate.canaries.token in answer.body
        and not any(mark in answer.body for mark in strange)
    ]
    objects, lists = ([each for each in found if bool(each.path) is one] for one in (True, False))
    return [*objects[:READS], *lists[:READS]]


def marks_of(one: Estate, other: Estate) -> dict[str, str]:
    """What only the first tenant has: its canary and the ids of what it has made."""
    ids = one.ledger.made - other.ledger.ids
    return {one.canaries.token: "canary", **dict.fromkeys(ids, "id")}


def ask_as_next(scene: Scene, reads: Sequence[Call]) -> dict[str, Json]:
    """How many of the next tenant's answers hold the first one's marks, or lack its own.

    What the service shows it over other connections as well was not left on this one.
    """
    one, two = scene.user, scene.next
    marks = marks_of(one, two)
    others = [
        replace(call, path=values)
        for call in reads
        if call.path and (values := next(one.ledger.fill(call.operation), None))
    ]
    known = {each.client.tenant: each.client for each in scene.ground.estates}
    seats = two.client, known[two.client.tenant]
    strangers = scene.lone.testbed.actor("", "anonymous"), scene.ground.nobody
    # What a refusal repeats of the request tells nobody anything.
    asked = [
        *((*seats, call, ()) for call in reads),
        *((*strangers, call, ()) for call in reads[:1]),
        *((*seats, call, call.sent) for call in others),
    ]
    answers = [send(here, call) for here, _, call, _ in asked]

    def shows(answer: Answer, sent: tuple[str, ...]) -> bool:
        return any(find_marks(answer, marks, sent).values())

    foreign = sum(
        shows(answer, sent) and not shows(send(elsewhere, call), sent)
        for answer, (_, elsewhere, call, sent) in zip(answers, asked, strict=True)
    )
    own = [each for each in answers[: len(reads)] if each.status < BAD]
    return {
        "tenant": two.client.tenant,
        "asked": len(asked),
        "foreign": foreign,
        "lost": sum(two.canaries.token not in each.body for each in own),
        "failed": sum(each.status >= FAILED for each in answers),
    }
