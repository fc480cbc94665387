"""Which POST only reads, though no verb says so (`report.revenue`, `user.self`)?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gate.check import Answer
from validators.document.names import CHANGING, ENDING, MAKING, SESSIONS, words_of
from validators.document.operations import Operation
from validators.estates.estate import LEAST, Estate
from validators.estates.planting import browse
from validators.estates.states import changes, look, parts_of, views_of
from validators.messages.calls import leaves

# What does something to the service as a whole is not called to see whether it does.
ACTS = ENDING | CHANGING | MAKING | SESSIONS | frozenset({
    "sync", "shutdown", "restart", "reload", "flush", "clear", "empty", "truncate", "clean",
    "cleanup", "prune", "migrate", "seed", "rebuild", "reindex", "import", "run", "trigger", "test",
    "execute", "exec", "send", "notify", "process", "retry", "rollback",
    "backup", "deploy", "install", "upgrade", "pause", "resume", "ping", "heartbeat",
})  # fmt: skip
# These say nothing but that something was done.
SAYING = frozenset({"success", "ok", "status", "state", "message", "error", "code", "detail", "id"})


def learn_reads(
    estates: Sequence[Estate], operations: Sequence[Operation]
) -> tuple[Operation, ...]:
    """The operations, each POST that was seen to only read marked as such.

    Asked for twice by the first tenant, it must say the same, and move none of his reads.
    """
    wanted = list(candidates(estates[0], operations))
    found = {each.label for each in wanted if is_read(estates[0], each, operations)}
    learned = tuple(replace(each, reads=each.label in found) for each in operations)
    for estate in estates if found else ():
        browse(estate, [each for each in learned if each.reads])
    return learned


def candidates(estate: Estate, operations: Sequence[Operation]) -> Iterator[Operation]:
    """Each POST that takes nothing and by no word of its path does anything."""
    for each in operations:
        takes = each.method != "POST" or each.names or each.media or each.query or each.headers
        if takes or each.safe or each.public or not each.speakable:
            continue
        if not ACTS & set(words_of(each.path)) and each.label not in estate.created:
            yield each


def is_read(estate: Estate, operation: Operation, operations: Sequence[Operation]) -> bool:
    """Does it tell its caller the same twice, and change nothing of what he sees?"""
    views, call = views_of(estate, operations, {}), estate.write(operation, (), recipe=LEAST)
    before = look(estate, views)
    one, two = estate.send(call), estate.send(call)
    alike = estate.accepts(one) and dict(parts_of(one)) == dict(parts_of(two))
    return alike and tells(one) and not changes(before, look(estate, views))


def tells(answer: Answer) -> bool:
    """Does it say more than that something was done?"""
    names = {str(place[-1]) for place, _ in leaves(answer.json()) if place}
    return bool(names - SAYING)
