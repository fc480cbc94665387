"""What does the cache hold after both tenants were served, and is a planted entry believed?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import redis

from gate.check import Testbed
from gate.model import Observation
from gate.testbed.hints import salt_of
from validators.behind.traffic import own_reads, settle_anew
from validators.estates.estate import Estate
from validators.estates.ground import Ground, stand
from validators.messages.traces import UUID

# redis-py annotates its blocking and its asynchronous client as one.
Cache = Any
# By tenant and shape of the key: the key and its value.
Kept = Mapping[tuple[str, str], tuple[bytes, bytes]]
NUMBER = re.compile(r"\d+")
LONG = re.compile(r"[0-9A-Za-z_-]{24,}")
# Milliseconds: longer than all reads of a tenant take on a busy machine.
LASTING = 60_000
# A busy service may leave its cache out, and an entry be over before the look.
ENOUGH, MOST = 2, 6
READERS: Mapping[str, tuple[str | int, ...]] = {
    "string": ("GET",),
    "hash": ("HGETALL",),
    "list": ("LRANGE", 0, -1),
    "set": ("SMEMBERS",),
    "zset": ("ZRANGE", 0, -1),
    "stream": ("XRANGE", "-", "+"),
}


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Let both tenants make and read marked objects, and look at every key in Redis.

    They read twice, and more often while no shape of key holds a value of both. Recorded are a
    key's shape, whose ids it carries and whose marks its value holds; never the value. Where both
    tenants have a cached value of one shape, each one's is put under the other's key, the other
    reads what is his own, and the former value comes back. An operation that shows the foreign mark
    without that says nothing of the cache.
    """
    ground = stand(testbed)
    yield from ground.facts
    if ground.vacuous:
        return
    estates = settle_anew(ground, salt_of(testbed, testbed.seed, "cache"), {})
    held: dict[bytes, object] = {}
    leaky: set[str] = set()
    with closing(redis.Redis.from_url(testbed.cache_url())) as cache:
        for times in range(MOST):
            if times >= ENOUGH and is_comparable(kept(testbed, estates, held)):
                break
            for estate in estates:
                others = [each.canaries.token for each in estates if each is not estate]
                leaky |= watch(cache, ground, estate, others, held)
        sound = tuple(each for each in ground.operations if each.label not in leaky)
        yield from scan(testbed, replace(ground, operations=sound), estates, (cache, held))


def watch(
    cache: Cache, ground: Ground, estate: Estate, others: Sequence[str], held: dict[bytes, object]
) -> set[str]:
    """Let a tenant read what is his, add what Redis holds; which operations show others' marks?"""
    leaky = set()
    for call, answer in own_reads(ground, estate):
        held |= content(cache)  # after each answer: an entry may be gone within a second
        if any(token in answer.body for token in others):
            leaky.add(call.operation.label)
    return leaky


def scan(
    testbed: Testbed,
    ground: Ground,
    estates: tuple[Estate, ...],
    known: tuple[Cache, Mapping[bytes, object]],
) -> Iterator[Observation]:
    """Each key that concerns the two tenants, how many there are, and what planting did."""
    tenants, (cache, held) = testbed.tenancy().tenants, known
    mine = {key: value for key, value in held.items() if not is_elsewhere(key, tenants, estates)}
    for key, value in mine.items():
        yield look(testbed, key, str(value), tenants, estates)
    cached = kept(testbed, estates, mine)
    yield Observation(
        kind="scanned",
        subject="redis",
        at=testbed.clock(),
        data={"keys": len(held), "elsewhere": len(held) - len(mine), "cached": len(cached)},
    )
    for victim, attacker in (estates, estates[::-1]):
        for (tenant, form), (source, value) in cached.items():
            target, _ = cached.get((attacker.client.tenant, form), (None, b""))
            if tenant != victim.client.tenant or target is None or target == source:
                continue
            with planted(cache, value, target):
                answers = [answer.body for _, answer in own_reads(ground, attacker)]
            served = any(victim.canaries.token in each for each in answers)
            yield Observation(
                kind="poisoned",
                subject=form,
                at=testbed.clock(),
                data={"victim": tenant, "served": served},
            )


def kept(testbed: Testbed, estates: tuple[Estate, ...], held: Mapping[bytes, object]) -> Kept:
    """Each plain value that holds a tenant's mark, by that tenant and the shape of its key."""
    return {
        (estate.client.tenant, shape(key, testbed.tenancy().tenants)): (key, value)
        for estate in estates
        for key, value in held.items()
        if estate.canaries.token in str(value) and isinstance(value, bytes)
    }


def is_comparable(cached: Kept) -> bool:
    """Do two tenants have a value under keys of one shape?"""
    return len({form for _, form in cached}) < len(cached)


def content(cache: Cache) -> dict[bytes, object]:
    """Every key with its whole value, bytes for a plain one; nothing for a key that is gone.

    In two exchanges however many there are: an entry that lives for a second is seen also among
    thousands, and on a busy machine.
    """
    keys = list(dict.fromkeys(cache.scan_iter(count=1000)))
    kinds = together(cache, [("TYPE", key) for key in keys])
    known = [(key, READERS.get(kind.decode())) for key, kind in zip(keys, kinds, strict=True)]
    read = [(key, command) for key, command in known if command]
    values = together(cache, [(command[0], key, *command[1:]) for key, command in read])
    found: dict[bytes, object] = dict.fromkeys(keys, "")
    return found | {key: value for (key, _), value in zip(read, values, strict=True)}


def together(cache: Cache, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
    """The answers to these commands, sent at once; nothing for a key that became another kind."""
    with cache.pipeline(transaction=False) as pipeline:
        for each in commands:
            pipeline.execute_command(*each)
        answers: list[Any] = pipeline.execute(raise_on_error=False)
    for each in answers:
        if isinstance(each, Exception) and not str(each).startswith("WRONGTYPE"):
            raise each
    return ["" if isinstance(each, Exception) else each for each in answers]


def is_elsewhere(key: bytes, tenants: Mapping[str, str], estates: tuple[Estate, ...]) -> bool:
    """Is the key about others only: it names ids, and none that these tenants have?"""
    ids = set(UUID.findall(key.decode(errors="replace")))
    known = {each for estate in estates for each in estate.ledger.ids} | set(tenants.values())
    return bool(ids) and not ids & known


def look(
    testbed: Testbed,
    key: bytes,
    text: str,
    tenants: Mapping[str, str],
    estates: tuple[Estate, ...],
) -> Observation:
    """One key: whose ids it carries, whose marks its value holds."""
    name = key.decode(errors="replace")
    return Observation(
        kind="key",
        subject=shape(key, tenants),
        at=testbed.clock(),
        data={
            "tenants": [owner for owner, each in tenants.items() if each in name],
            "holds": [each.client.tenant for each in estates if each.canaries.token in text],
        },
    )


def shape(key: bytes, tenants: Mapping[str, str]) -> str:
    """The key with placeholders for what differs from run to run."""
    text = key.decode(errors="replace")
    for tenant in tenants.values():
        text = text.replace(tenant, "{tenant}")
    return NUMBER.sub("{n}", LONG.sub("{token}", UUID.sub("{id}", text)))


@contextmanager
def planted(cache: Cache, value: bytes, target: bytes) -> Iterator[None]:
    """A value under another key, whose own value comes back with its time to live.

    It stays as long as it is asked for, also where the entries of the service end within seconds.
    """
    former, left = cache.get(target), cache.pttl(target)
    try:
        cache.set(target, value, px=LASTING)
        yield
    finally:
        if former is None:
            cache.delete(target)
        else:
            cache.set(target, former, px=left if left > 0 else None)
