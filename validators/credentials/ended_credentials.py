"""Does a credential end when its holder or its owner ends it?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gate.check import Answer
from gate.model import Observation
from gate.testbed.hints import roles_of
from validators.credentials.lasting import note_ended
from validators.document.names import ENDING, is_identity, slots_of, words_of
from validators.document.operations import Operation, as_object
from validators.document.wording import ends_old
from validators.estates.estate import LEAST
from validators.estates.exchanges import is_secret
from validators.estates.ground import UNSPOKEN, Duel
from validators.estates.same_names import plain
from validators.estates.signing import signed
from validators.estates.throwaways import (
    KEYS,
    Pass,
    issue,
    makers,
    passes,
    secrets_in,
    traded,
    witness,
)
from validators.messages.calls import Call, curl, leaves, retrace, send
from validators.messages.traces import scalars

LEAVING = frozenset({"logout", "signout", "logoff", "signoff"})
REVOKING = frozenset({"revoke", "invalidate"})
MINE = frozenset({"current", "me", "self", "this", "mine", "own"})
ALL = frozenset({"all", "everywhere", "others"})
ROTATING = frozenset({"rotate", "roll", "regenerate", "reroll"})
OVERLAP = frozenset({"grace", "overlap"})
# Their secrets sign what the service sends, and let nobody in.
SIGNING = frozenset({"webhook", "hook", "web_hook"})
SIGNS = "what it renews signs what is sent, and lets nobody in"


def ends_own(operation: Operation) -> bool:
    """Does it end the credential that it is called with, by its method, verb or path?

    `POST /logout`, `auth.signOut`, `DELETE /session`, `DELETE /keys/current`, `/tokens/revoke`.
    """
    if operation.public or operation.names:
        return False
    parts = [words_of(part) for part in operation.path.strip("/").split("/")]
    said, about = last_words(operation), {word for words in parts[-2:] for word in words}
    if said & LEAVING:
        return operation.method in {"POST", "DELETE", "PUT"}
    if operation.method == "DELETE":
        return bool(about & KEYS) and bool(said & (MINE | KEYS))
    return operation.method == "POST" and bool(said & REVOKING) and bool(about & KEYS)


def signs_out(operation: Operation) -> bool:
    """Does it end a session, whatever other credential it may be called with?"""
    return bool(last_words(operation) & LEAVING)


def last_words(operation: Operation) -> set[str]:
    """The words of its path's last segment, alone and joined."""
    words = words_of(operation.path.rstrip("/").rpartition("/")[2])
    return {*words, "".join(words), "".join(words[-2:])}


def ends_all(operation: Operation) -> bool:
    """May it end every credential that its caller has (`DELETE /sessions`, `/logout-all`)?"""
    words = words_of(operation.path.rstrip("/").rpartition("/")[2])
    plural = words[-1:] and words[-1] in KEYS and words[-1].endswith("s")
    return bool(ALL & set(words)) or (operation.method == "DELETE" and bool(plural))


def ends_one(operation: Operation) -> bool:
    """Does it end a credential that its path names?"""
    parts = operation.path.rsplit("}", 1)
    about = {word for part in parts[0].split("/")[-2:-1] for word in words_of(part)}
    verb = set(words_of(parts[1])) & (ENDING - {"lock", "block"}) if len(parts) > 1 else set()
    by_method = operation.method == "DELETE" and operation.reads_one
    return bool(operation.names) and bool(about & KEYS) and (by_method or bool(verb))


def rotates(operation: Operation) -> bool:
    """Does it give a credential that its path names another secret?"""
    said = set(words_of(operation.path.rpartition("}")[2]))
    return operation.method == "POST" and bool(operation.names) and bool(said & ROTATING)


def endings(duel: Duel) -> Iterator[Observation]:
    """Each operation that ends a credential, on one that was made to be ended.

    The credential works before (the positive control), and is looked at again for up to 10 s.
    """
    operations = duel.ground.operations
    for operation in operations:
        chosen = ends_own(operation), ends_one(operation), rotates(operation)
        if not any(chosen):
            yield from withdraw(duel, operation, known=False) if ends_made(duel, operation) else ()
        elif chosen[2] and slots_of(operation.path)[-1][0] in SIGNING:
            yield duel.note("not-applicable", operation, reason=SIGNS)
        elif not operation.speakable:
            yield duel.note("unreached", operation, reason=UNSPOKEN)
        elif chosen[0]:
            yield from leave(duel, operation)
        elif chosen[1]:
            yield from withdraw(duel, operation)
        else:
            yield from rotate(duel, operation)
        if any(chosen):
            yield from duel.ground.after(operation)
    yield from duel.ground.left_out(lambda each: ends_own(each) or ends_one(each) or rotates(each))


def leave(duel: Duel, operation: Operation) -> Iterator[Observation]:
    """End a credential by its own hand; the run's own is looked at afterwards."""
    refused: list[str] = []
    leaving = signs_out(operation)
    for holder in passes(duel, strangers=ends_all(operation), sessions=leaving):
        opened = witness(duel, holder)
        if opened is None:
            continue
        before, there = holder.call(duel.ground, opened), present(duel, opened)
        call = said_in(duel.victim.write(operation, (), recipe=LEAST), holder)
        if call is None:
            refused.append(f"{holder.how} does not know what the body asks for")
            continue
        answer = holder.call(duel.ground, call)
        if not duel.victim.accepts(answer):
            refused.append(f"{holder.how} got {answer.status}")
            continue
        yield control(duel, operation, answer)
        line = holder.line(duel.ground, call)
        yield outlived(duel, operation, holder, opened, before, line)
        if lost := there - present(duel, opened):
            yield duel.note("lost", operation, roles=[*sorted(lost)])
        return
    tried = f": {'; '.join(refused)}" if refused else ""
    yield duel.note(
        "unreached", operation, reason=f"no credential could be had that may be ended so{tried}"
    )


def present(duel: Duel, opened: Call) -> frozenset[str]:
    """Which principals of the run does this read let in?"""
    tenant, testbed = duel.victim.client.tenant, duel.ground.testbed
    return frozenset(
        role
        for role in roles_of(testbed, tenant)
        if duel.victim.accepts(send(duel.ground.client(testbed.actor(tenant, role)), opened))
    )


def said_in(call: Call, holder: Pass) -> Call | None:
    """The call, naming the credential where its body asks which one (RFC 7009, section 2.1).

    None where it asks for what is not known, such as a refresh token that no answer showed: what
    would be ended then is another credential, or none.
    """
    for place, _ in leaves(call.body):
        name = str(place[-1]) if place else ""
        words = words_of(name)
        known: str | None = None
        if "refresh" in words:
            known = shown(holder, name)
        elif words[-1:] == ["token"]:
            known = holder.secret
        elif is_identity(name):
            known = holder.thing.id if holder.thing is not None else None
        else:
            continue
        if not known:
            return None
        call = call.put(("body", *place), known)
    return call


def shown(holder: Pass, name: str) -> str | None:
    """What the answer that gave this credential says under a name."""
    said = holder.answer.json() if holder.answer is not None else None
    found = (
        value for place, value in scalars(said) if plain(place.rpartition(".")[2]) == plain(name)
    )
    return next((value for value in found if isinstance(value, str)), None)


def control(duel: Duel, operation: Operation, answer: Answer) -> Observation:
    """The ending was granted, to a credential that had worked."""
    return duel.note("owned-call", operation, status=answer.status, positive=True)


def outlived(  # noqa: PLR0913, PLR0917 - the parts of one attempt
    duel: Duel,
    operation: Operation,
    holder: Pass,
    opened: Call,
    before: Answer,
    ending: str,
) -> Observation:
    """Does the credential still open what it opened, also when time is given?

    `ending` is the shell line that ended it.
    """
    line = retrace(ending, holder.line(duel.ground, opened))
    fact = note_ended(
        duel,
        operation,
        holder.how,
        opened,
        before,
        lambda: holder.call(duel.ground, opened),
        line,
    )
    return replace(fact, data={**fact.data, "excerpt": holder.hidden(str(fact.data["excerpt"]))})


def ends_made(duel: Duel, operation: Operation) -> bool:
    """Does it end what is made with a secret, whatever that is called (an API client)?"""
    by_id = operation.method == "DELETE" and operation.reads_one and operation.speakable
    return by_id and any(is_about(maker, operation) for maker in makers(duel))


def withdraw(duel: Duel, operation: Operation, *, known: bool = True) -> Iterator[Observation]:
    """End a credential that was made, by the id that it got.

    `known`: its path says that it is one; else it is none where its secret opens nothing.
    """
    subject = subject_for(duel, operation)
    if isinstance(subject, str):
        yield from [duel.note("unreached", operation, reason=subject)] if known else ()
        return
    holder, call, opened = subject
    uses = [(holder, opened), *([secret_of(holder, opened)] if holder.entering else [])]
    before = [(each, asked, each.call(duel.ground, asked)) for each, asked in uses]
    answer = duel.victim.send(call)
    if not duel.victim.accepts(answer):
        yield duel.note("owned-call", operation, status=answer.status, positive=False)
        return
    yield control(duel, operation, answer)
    for each, asked, told in before:
        yield outlived(duel, operation, each, asked, told, curl(duel.victim.client, call))


def subject_for(duel: Duel, operation: Operation) -> tuple[Pass, Call, Call] | str:
    """A credential to be ended or renewed, how, and a read that it opens; or why there is none."""
    holder, reason = made_for(duel, operation)
    if holder is None or holder.thing is None:
        return reason
    call, opened = duel.victim.upon(operation, holder.thing), witness(duel, holder)
    if call is None or opened is None:
        return "no known object fits into the path"
    return holder, call, opened


def made_for(duel: Duel, operation: Operation) -> tuple[Pass | None, str]:
    """A credential that an operation made with an id, and that this operation is about."""
    reason = "no operation makes a credential that works and has an id"
    for maker in makers(duel):
        holder = issue(duel, maker) if is_about(maker, operation) else None
        if holder is not None and holder.thing is not None:
            return holder, ""
    return None, reason


def is_about(maker: Operation, operation: Operation) -> bool:
    """Is what one makes what the other is about?"""
    return operation.path.startswith((f"{maker.path}/{{", f"{maker.path.rstrip('/')}/{{")) or (
        maker.product == operation.resource
    )


def rotate(duel: Duel, operation: Operation) -> Iterator[Observation]:
    """Give a credential another secret, and see the old one end where the overlap is set to none.

    An overlap that no field sets is the service's own, so nothing is held against it, unless the
    document says that there is none.
    """
    subject = subject_for(duel, operation)
    if isinstance(subject, str):
        yield duel.note("unreached", operation, reason=subject)
        return
    holder, call, opened = subject
    call, asked = without_overlap(duel, call)
    asked = asked or bool(ends_old(operation))
    old, asking = secret_of(holder, opened)
    before = old.call(duel.ground, asking)
    answer = duel.victim.send(call)
    fresh = works_anew(duel, holder, answer, opened) if duel.victim.accepts(answer) else False
    if fresh and not asked:
        yield duel.note("not-applicable", operation, reason="no field says when the old one ends")
        return
    yield duel.note("owned-call", operation, status=answer.status, positive=fresh)
    if fresh:
        yield outlived(duel, operation, old, asking, before, curl(duel.victim.client, call))


def secret_of(holder: Pass, opened: Call) -> tuple[Pass, Call]:
    """A secret as it is used: for what it opens, or to be traded for a token once more.

    A token that it was traded for before may live on for its while when the secret ends.
    """
    entering = holder.entering
    if entering is None:
        return holder, opened
    said = (text for place, text in leaves(entering.body) if is_secret(str(place[-1])))
    return replace(holder, headers={}, secret=next(said, holder.secret)), entering


def without_overlap(duel: Duel, call: Call) -> tuple[Call, bool]:
    """The call that asks for the shortest time in which both secrets work; is it none?"""
    schema = duel.victim.author.simplify(dict(call.operation.body))
    for name, each in as_object(schema.get("properties")).items():
        if OVERLAP & set(words_of(name)):
            least = duel.victim.author.simplify(each).get("minimum", 0)
            seconds = least if isinstance(least, int) else 0
            body = as_object(call.body)
            return replace(call, body={**body, name: seconds}), seconds == 0
    return call, False


def is_there(duel: Duel, ending: Operation) -> Operation | None:
    """The read of what this ends."""
    reads = (each for each in duel.ground.operations if each.method == "GET")
    return next((each for each in reads if each.path == ending.path), None)


def works_anew(duel: Duel, holder: Pass, answer: Answer, opened: Call) -> bool:
    """Does the answer hold another secret that opens the same?"""
    new: Sequence[str] = [each for each in secrets_in(answer) if each != holder.secret]
    others = [replace(holder, headers=signed(duel.victim, each), secret=each) for each in new]
    others += traded(duel, [replace(each, answer=answer) for each in others])
    return any(duel.victim.accepts(each.call(duel.ground, opened)) for each in others)
