"""Who has an account that others made for him: hired with a password, or let in by an invitation?

Where nobody signs up by himself, such a member of the tenant is the one who may be lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from gate.check import Answer
from gate.model import Json
from validators.document.names import (
    ACCOUNT,
    RESERVED,
    TAKING,
    is_identity,
    resource_in,
    slots_of,
    stem,
    words_of,
)
from validators.document.operations import Operation, as_list, as_object
from validators.estates.estate import LEAST, Estate
from validators.estates.ground import Duel
from validators.estates.own_fields import place_in
from validators.estates.principals import is_person, is_person_at
from validators.estates.same_names import like_said
from validators.estates.things import Thing
from validators.estates.throwaways import (
    NO_MORE,
    NO_NAMES,
    PASSWORDS,
    REGISTERING,
    Pass,
    anew,
    let_in,
    newly_registered,
    said_in,
    with_passwords,
)
from validators.messages.calls import Call, leaves, send
from validators.messages.traces import scalars

INVITING = frozenset({"invite", "invites", "invitation", "invitations"})
CODES = INVITING | {"code", "token"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """An invitation that the owner has made: the request, its answer, and the code.

    `shown` is what the owner's list of invitations said of it then.
    """

    call: Call
    answer: Answer
    shown: Json
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """How a member comes in: what makes an invitation, and what takes its code from anybody."""

    invite: Operation
    join: Operation
    code: str

    def asked(self, duel: Duel, called: Mapping[str, str] = NO_NAMES) -> Invited | None:
        """A new invitation of the owner's to whoever is called so; None without a code.

        Its code is what its answer shows, or the list of invitations.
        """
        path = next(duel.victim.ledger.fill(self.invite), None)
        if path is None:
            return None
        call = like_said(duel.victim.write(self.invite, path, recipe=LEAST), called)
        answer = duel.victim.send(call)
        if not duel.victim.accepts(answer):
            return None
        shown = listed(duel, self.invite, call, answer)
        code = code_in(answer.json(), self.code) or code_in(shown, self.code)
        return Invited(call=call, answer=answer, shown=shown, code=code) if code else None

    def taken_up(self, duel: Duel, more: Mapping[str, Json] = NO_MORE) -> Iterator[Pass]:
        """Somebody who has come in by a new one."""
        asked = self.asked(duel)
        if asked is not None:
            yield from self.used(duel, asked, more)

    def used(
        self, duel: Duel, invited: Invited, more: Mapping[str, Json] = NO_MORE
    ) -> Iterator[Pass]:
        """Somebody who has come in by this code."""
        call, answer = self.sent(duel, invited, more)
        # Whom it was sent to signs in by that, also where the acceptance does not say it again.
        said = {str(place[-1]): text for place, text in leaves(invited.call.body) if place}
        named = {name: text for name, text in said.items() if "_".join(words_of(name)) in ACCOUNT}
        if duel.victim.accepts(answer):
            yield from let_in(duel, call, answer, "a member who was invited", named)

    def sent(
        self, duel: Duel, invited: Invited, more: Mapping[str, Json] = NO_MORE
    ) -> tuple[Call, Answer]:
        """The code taken up by somebody who is named as it was sent to him, and the answer."""
        words = {str(place[-1]): text for place, text in leaves(invited.call.body) if place}
        call = like_said(anew(duel.victim, self.join, full=False), words)
        call = with_passwords(call, duel.victim.canaries.draw())
        call = call.put(("body", self.code), invited.code)
        for name, value in more.items():
            call = call.put(("body", *place_in(duel.victim.author, call), name), value)
        return call, send(duel.ground.nobody, call)


def invitation(duel: Duel) -> Invitation | None:
    """The two operations, where the document has them."""
    operations = duel.ground.operations
    invites = [each for each in operations if is_inviting(each)]
    for join in operations:
        code = code_of(duel.victim, join)
        for invite in invites if code else ():
            return Invitation(invite=invite, join=join, code=code)
    return None


def is_inviting(operation: Operation) -> bool:
    """Does it make an invitation?"""
    said = set(words_of(operation.path.rstrip("/").rpartition("/")[2]))
    plain = operation.method == "POST" and not operation.public and operation.speakable
    return plain and not operation.ends and bool(said & INVITING)


def code_of(estate: Estate, operation: Operation) -> str:
    """Which field of what anybody may send takes an invitation's code? "" where none does.

    A new account is made by it, so it asks for a password; and its path says that it is taken up,
    not that a password was forgotten.
    """
    said = said_in(operation.path)
    if operation.method != "POST" or not operation.public or operation.names:
        return ""
    if not (said & (TAKING | INVITING | REGISTERING)) or not operation.speakable:
        return ""
    names = [*as_object(estate.author.simplify(dict(operation.body)).get("properties"))]
    if not any(PASSWORDS & set(words_of(name)) for name in names):
        return ""
    return next((name for name in names if CODES & set(words_of(name))), "")


def listed(duel: Duel, invite: Operation, call: Call, answer: Answer) -> Json:
    """What the owner's list of invitations says of this one; None where it is in none.

    By its id, or where no answer has shown one by what it says; that may be said of two.
    """
    told = ({*ids_in(shown, invite)} for shown in objects_in(answer.json()))
    known = next(filter(None, told), set()) or {each for each in call.sent if each not in call.path}
    for each in duel.ground.operations:
        if not each.safe or each.reads_one or each.public or each.product != invite.product:
            continue
        path = next(duel.victim.ledger.fill(each), None) if each.speakable else None
        if path is None:
            continue
        said = duel.victim.send(duel.victim.write(each, path, recipe=LEAST))
        rows = rows_in(said.json()) if duel.victim.accepts(said) else []
        found = [shown for shown in rows if known & {str(value) for value in shown.values()}]
        if len(found) == 1:
            return dict(found[0])
    return None


def ids_in(shown: Mapping[str, Json], invite: Operation) -> Iterator[str]:
    """By what an object of the kind that this makes is called."""
    keys = {*RESERVED, *invite.keys.get(invite.product, ())}
    for name, value in shown.items():
        own = name.lower() in keys or (is_identity(name) and resource_in(name) == invite.product)
        if own and isinstance(value, str | int):
            yield str(value)


def code_in(value: Json, name: str) -> str:
    """The code of an invitation, under the name that it is asked for by, or another word for it."""
    shown = [(place.rpartition(".")[2], text) for place, text in scalars(value)]
    texts = [(name, text) for name, text in shown if isinstance(text, str) and text]
    within = [pair for _, text in texts for pair in parse_qsl(urlsplit(text).query)]
    said = [(words_of(name), text) for name, text in (*texts, *within) if not is_address(text)]
    alike = (value for words, value in said if words == words_of(name))
    return next(alike, "") or next((value for words, value in said if CODES & {*words}), "")


def is_address(text: str) -> bool:
    """Is it no code but a whole address, which may hold one (`…/accept?token=…`)?"""
    return bool(urlsplit(text).netloc)


def hired(duel: Duel) -> Iterator[Pass]:
    """Somebody whom the owner has given an account with a password, by the least that it takes."""
    owner = duel.victim
    for operation in duel.ground.operations:
        password = password_of(owner, operation)
        path = next(owner.ledger.fill(operation), None) if password else None
        if path is None:
            continue
        call = owner.write(operation, path, recipe=LEAST)
        where = ("body", *place_in(owner.author, call), password)
        call = with_passwords(call.put(where, ""), owner.canaries.draw())
        answer = owner.send(call)
        if owner.accepts(answer):
            yield from let_in(duel, call, answer, "a member whom the owner has made")


def password_of(estate: Estate, operation: Operation) -> str:
    """The field for the password of somebody whom it gives an account; "" where it makes nobody."""
    if operation.method != "POST" or operation.public or operation.ends or operation.signs_in:
        return ""
    if not operation.speakable or not is_person(operation.product):
        return ""
    names = [*as_object(estate.author.simplify(dict(operation.body)).get("properties"))]
    named = any("_".join(words_of(name)) in ACCOUNT for name in names)
    passwords = (name for name in names if PASSWORDS & set(words_of(name)))
    return next(passwords, "") if named else ""


def members(duel: Duel) -> Iterator[Pass]:
    """A new member of the victim's tenant, invited or hired."""
    way = invitation(duel)
    if way is not None:
        yield from way.taken_up(duel)
    yield from hired(duel)


def somebody_new(duel: Duel) -> Iterator[Pass]:
    """Who may be lost: by himself where anybody may sign up, else with the owner's help."""
    yield from newly_registered(duel)
    yield from members(duel)


def member_for(duel: Duel, operation: Operation) -> tuple[Thing, ...] | None:
    """A new member as the last object of a path that is about somebody; None where there is none.

    The run's own principals are needed, and a stranger who has signed up is no member.
    """
    slots = slots_of(operation.path)
    above = duel.victim.ledger.above(operation) if slots and is_person_at(slots[-1]) else None
    holder = next(members(duel), None) if above is not None else None
    key = id_of(holder, slots[-1][1]) if holder is not None else ""
    if above is None or holder is None or not key:
        return None
    said = next((each for each in about(holder) if key in map(str, each.values())), {})
    parents = {resource: each.place for (resource, _), each in zip(slots, above, strict=False)}
    fields = {**said, slots[-1][1]: key}
    return (*above, Thing(resource=slots[-1][0], fields=fields, parents=parents, key=slots[-1][1]))


def about(holder: Pass) -> Iterator[Mapping[str, Json]]:
    """What the answers about a member say of him."""
    answers = [holder.answer, *([holder.signing_up[1]] if holder.signing_up else [])]
    for answer in answers:
        for shown in objects_in(answer.json()) if answer is not None else ():
            if {str(each) for each in shown.values()} & {*holder.called.values()}:
                yield shown


def id_of(holder: Pass, parameter: str) -> str:
    """What a member is called by an operation on him, as the answers about him show it."""
    for shown in about(holder):
        own = [name for name in shown if name == parameter or is_own_id(name)]
        own.sort(key=lambda name: name != parameter)
        found = next((shown[name] for name in own), None)
        if isinstance(found, str | int):
            return str(found)
    return ""


def key_of(row: Json, parameter: str) -> str:
    """What a member is called by an operation on him, as a row of a list of members shows it.

    Under the parameter's own name, else the id of the person in it, else the row's own.
    """
    said = [(place.rpartition(".")[2], value) for place, value in scalars(row)]
    about = resource_in(parameter)
    within = [inner for name, inner in as_object(row).items() if stem(name) == about]
    chosen = [value for name, value in said if name == parameter]
    chosen += [value for each in (*within, row) for _, value in own_ids(each)]
    return next((str(each) for each in chosen if isinstance(each, str | int) and each), "")


def own_ids(value: Json) -> list[tuple[str, Json]]:
    """The ids of an object itself, the plainest first."""
    found = [(name, each) for name, each in as_object(value).items() if is_identity(name)]
    plain = [pair for pair in found if pair[0].lower() in RESERVED]
    return [*plain, *(pair for pair in found if is_own_id(pair[0]) and pair not in plain)]


def whom(duel: Duel, operation: Operation) -> str:
    """Which parameter or field says whom it ends? "" where it ends nobody."""
    if not operation.ends or operation.public or operation.signs_in or not operation.speakable:
        return ""
    slots = slots_of(operation.path)
    if slots:
        return slots[-1][1] if is_person_at(slots[-1]) else ""
    if not is_person(operation.resource):
        return ""
    known = operation.keys.get(operation.resource, ())
    asked = [name for name in operation.query if name in known or is_own_id(name)]
    schema = duel.victim.author.simplify(dict(operation.body))
    must = [str(each) for each in as_list(schema.get("required"))]
    named = len(must) == 1 and is_own_id(must[0])
    return asked[0] if len(asked) == 1 and not must else must[0] if named and not asked else ""


def upon(duel: Duel, operation: Operation, parameter: str, key: str) -> Call | None:
    """The operation on whoever is called so; None where its path cannot be filled."""
    begun = duel.victim.ledger.begin(operation) if operation.names else ()
    if begun is None:
        return None
    if operation.names:
        return duel.victim.write(operation, (*begun, key), recipe=LEAST)
    call = duel.victim.write(operation, (), recipe=LEAST)
    if parameter in operation.query:
        return call.put(("query", parameter), key)
    now = as_object(call.body).get(parameter)
    return call.put(("body", parameter), int(key) if isinstance(now, int) else key)


def is_own_id(name: str) -> bool:
    """Is it an id of somebody, in an object that is about him?"""
    about = is_identity(name) and is_person(resource_in(name))
    return about or name.lower() in RESERVED - {"ids", "key", "ref"}


def objects_in(value: Json) -> Iterator[Mapping[str, Json]]:
    """Every object in a JSON value, the outer ones first."""
    for each in as_list(value):
        yield from objects_in(each)
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from objects_in(each)


def rows_in(value: Json) -> list[Mapping[str, Json]]:
    """The objects of every list in an answer that are in no other such object."""
    if isinstance(value, list):
        return [each for each in value if isinstance(each, dict)]
    return [row for each in as_object(value).values() for row in rows_in(each)]
