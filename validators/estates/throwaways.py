"""Where does a credential come from that may be ended, without a loss to the run?

Never the run's own: another one that an operation makes, that of a new account, or another login.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gate.check import Answer
from gate.model import Json
from gate.testbed.again import enter_again
from gate.testbed.hints import roles_of
from validators.document.names import CHANGING, SELF, SESSIONS, words_of
from validators.document.operations import Operation, as_object
from validators.estates.estate import FULL, LEAST, Estate, Recipe
from validators.estates.exchanges import (
    exchange_in,
    is_secret,
    places_of_secrets,
    scoped_to,
)
from validators.estates.ground import Duel, Ground
from validators.estates.ledger import Ledger
from validators.estates.own_fields import place_in
from validators.estates.same_names import like_named, like_said
from validators.estates.signing import signed, ways
from validators.estates.things import Thing
from validators.messages.calls import Call, curl, leaves, send

MOST_READS = 6
KEYS = frozenset({"key", "keys", "token", "tokens", "apikey", "apikeys", "session", "sessions",
                  "credential", "credentials", "pat", "pats", "secret", "secrets"})  # fmt: skip
REGISTERING = frozenset({"register", "registration", "registrations", "signup", "users",
                         "accounts", "enroll"})  # fmt: skip
ENTERING = frozenset({"login", "signin", "authenticate", "auth", "logon"}) | KEYS
PASSWORDS = frozenset({"password", "passwd", "passphrase", "pin"})
NO_MORE: Mapping[str, Json] = {}
NO_NAMES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """A credential to be ended: how it was come by, and the headers that it is sent as.

    `secret` is kept out of the record, where `placeholder` stands for it. `stranger`: of an account
    that was made for it. `thing` is the object that an operation made it as, `answer` what it said,
    and `place` where in that the secret stood and how it is sent. `called` is what a new account
    said of itself, `signing_up` how it came to be, and `entering` how it signs in.
    """

    how: str
    headers: dict[str, str] = field(repr=False)
    secret: str = field(repr=False)
    placeholder: str = "$THROWAWAY"
    stranger: bool = False
    place: str = ""
    thing: Thing | None = field(default=None, repr=False)
    answer: Answer | None = field(default=None, repr=False)
    called: Mapping[str, str] = field(default_factory=dict, repr=False)
    entering: Call | None = field(default=None, repr=False)
    signing_up: tuple[Call, Answer] | None = field(default=None, repr=False)

    def call(self, ground: Ground, call: Call) -> Answer:
        """Ask with this credential and no other."""
        return send(ground.nobody, self.signed(call))

    def signed(self, call: Call) -> Call:
        """The call with this credential's headers."""
        return replace(call, headers={**call.headers, **self.headers})

    def line(self, ground: Ground, call: Call) -> str:
        """The same request as a shell line, with the placeholder in double quotes."""
        signed = [f'-H "{name}: {self.hidden(value)}"' for name, value in self.headers.items()]
        return self.hidden(" ".join([curl(ground.nobody, call), *signed]))

    def hidden(self, text: str) -> str:
        """The text without the secret."""
        return text.replace(self.secret, self.placeholder) if self.secret else text


def passes(duel: Duel, *, strangers: bool = False, sessions: bool = False) -> Iterator[Pass]:
    """Credentials that may be ended, those first whose end touches nobody else.

    `strangers`: only of accounts that were made for it, as what ends may be all that one has.
    `sessions`: only such that somebody signs out of, which is no key's end.
    """
    yield from newly_registered(duel)
    if not strangers:
        for operation in makers(duel):
            if sessions and not SESSIONS & said_in(operation.path):
                continue
            made = issue(duel, operation)
            if made is not None:
                yield made
    yield from entered(duel, strangers=strangers)


def entered(duel: Duel, *, strangers: bool) -> Iterator[Pass]:
    """Another login of a principal, the weakest first: what it loses by it matters least."""
    testbed, tenant = duel.ground.testbed, duel.victim.client.tenant
    for role in roles_of(testbed, tenant):
        entry = enter_again(testbed, tenant, role)
        if entry is None or (strangers and not entry.stranger):
            continue
        secret = max((value.rpartition(" ")[2] for value in entry.headers.values()), key=len)
        yield Pass(
            how="a new account" if entry.stranger else f"another login ({role})",
            headers=dict(entry.headers),
            secret=secret,
            placeholder=entry.placeholder,
            stranger=entry.stranger,
            answer=entry.answer,
        )


def makers(duel: Duel) -> list[Operation]:
    """The operations by which a signed-in principal may come to another credential."""
    return [each for each in duel.ground.operations if is_maker(duel.victim, each)]


def is_maker(estate: Estate, operation: Operation) -> bool:
    """Is it about keys, tokens or sessions, or does its answer show a secret?

    What the caller says himself is none that he is given: the `key` of a project is its short name.
    """
    if operation.method != "POST" or operation.public or operation.ends or operation.safe:
        return False
    if operation.signs_in or operation.verb in CHANGING or not operation.speakable:
        return False
    named = KEYS & set(words_of(operation.path.rstrip("/").rpartition("/")[2]))
    said, shown = (
        as_object(estate.author.simplify(dict(each)).get("properties"))
        for each in (operation.body, operation.replies)
    )
    return bool(named) or any(is_secret(name) for name in shown.keys() - said.keys())


def said_in(path: str) -> set[str]:
    """The words of a path, but for its parameters."""
    parts = [part for part in path.split("/") if "{" not in part]
    return {word for part in parts for word in words_of(part)}


def issue(duel: Duel, operation: Operation, **fields: Json) -> Pass | None:
    """A credential of the victim's own making that works; None where there is none to be had."""
    path = next(duel.victim.ledger.fill(operation), None)
    for recipe in (FULL, LEAST) if path is not None else ():
        call = with_fields(duel.victim.write(operation, path or (), recipe=recipe), fields)
        answer = duel.victim.send(call)
        if duel.victim.accepts(answer):
            found = taken(duel.victim, call, answer)
            duel.victim.spares.extend(each.thing for each in found[:1] if each.thing is not None)
            return working(duel, found) or working(duel, traded(duel, found))
    return None


def traded(duel: Duel, found: Sequence[Pass]) -> list[Pass]:
    """What each of these is traded for, where it opens nothing itself (an API client's secret)."""
    exchange = exchange_in(duel.victim.author, duel.ground.operations)
    made: list[Pass] = []
    for each in found if exchange is not None else ():
        if exchange is None or each.answer is None or each.thing is None:
            continue
        call = anew(duel.victim, exchange.operation, full=False)
        call = exchange.filled(call, each.secret, each.answer.json(), each.thing.id)
        answer = send(duel.ground.nobody, call)
        if duel.victim.accepts(answer):
            for secret, place in places_of_secrets(answer).items():
                new = replace(each, secret=secret, place=place, entering=call)
                made.append(replace(new, headers=signed(duel.victim, secret)))
    return made


def with_fields(call: Call, fields: dict[str, Json]) -> Call:
    """The call with these members of its body."""
    if not fields:
        return call
    body = call.body if isinstance(call.body, dict) else {}
    return replace(call, body={**body, **fields})


def taken(estate: Estate, call: Call, answer: Answer) -> list[Pass]:
    """What an answer shows that may be a credential, each as one."""
    thing = estate.record(Ledger(), call, answer, made=True)
    return [
        Pass(
            how=f"made by {call.operation.label}",
            headers=headers,
            secret=secret,
            place=f"{place}{sent}",
            thing=thing,
            answer=answer,
        )
        for secret, place in places_of_secrets(answer).items()
        for sent, headers in ways(estate, secret, place)
    ]


def secrets_in(answer: Answer) -> list[str]:
    """The values of an answer that may be a credential, by name and shape."""
    return [*places_of_secrets(answer)]


def newly_registered(duel: Duel, more: Mapping[str, Json] = NO_MORE) -> Iterator[Pass]:
    """The credential of a new account, where the document shows how anybody gets one.

    `more` are members that its sign-up says beside what it must.
    """
    register = opening(duel.ground, REGISTERING)
    if register is None:
        return
    for full in (True, False):
        call = with_passwords(anew(duel.victim, register, full=full), duel.victim.canaries.draw())
        for name, value in more.items():
            call = call.put(("body", *place_in(duel.victim.author, call), name), value)
        answer = send(duel.ground.nobody, call)
        if duel.victim.accepts(answer):
            yield from let_in(duel, call, answer)
            return


def let_in(
    duel: Duel,
    call: Call,
    answer: Answer,
    how: str = "a new account",
    named: Mapping[str, str] = NO_NAMES,
) -> Iterator[Pass]:
    """The credential of an account that this call has made: by a sign-in, or by its answer.

    `named` is what it is called by beside what the call says of it.
    """
    login, answers = opening(duel.ground, ENTERING), [(call, answer)]
    # A document that has examples only requires nothing, also not the password.
    for full in (False, True) if login is not None else ():
        entering = like_said(anew(duel.victim, login or call.operation, full=full), named)
        entering = like_named(entering, call)
        answers.append((entering, send(duel.ground.nobody, entering)))
        if duel.victim.accepts(answers[-1][1]):
            break
    for asked, told in reversed(answers):
        found = taken(duel.victim, asked, told) if duel.victim.accepts(told) else []
        made = working(duel, found)
        if made is not None:
            said = {**named, **{str(place[-1]): text for place, text in leaves(call.body) if place}}
            yield replace(
                made,
                how=how,
                stranger=True,
                thing=None,
                called={name: said[name] for name in said if not PASSWORDS & set(words_of(name))},
                entering=answers[-1][0] if login is not None else None,
                signing_up=answers[0],
            )
            return


def opening(ground: Ground, wanted: frozenset[str]) -> Operation | None:
    """The public POST whose last words say so: `/register`, `/auth.login`, `/sign-up`."""
    for each in ground.operations:
        words = words_of(each.path.rstrip("/").rpartition("/")[2])
        said = {*words, "".join(words)}
        if each.method == "POST" and each.public and not each.names and said & wanted:
            return each if each.speakable else None
    return None


def anew(estate: Estate, operation: Operation, *, full: bool) -> Call:
    """The call with new values only: an account of somebody who is known would be refused."""
    author = replace(estate.author, refer=lambda _: None, choices=lambda _: (), full=full)
    body = author.write(dict(operation.body), "") if operation.media else None
    return Call(operation=operation, body=body)


def with_passwords(call: Call, word: str) -> Call:
    """The call with this in every field that is a password, with what rules ask of one."""
    for place, _ in leaves(call.body):
        if PASSWORDS & set(words_of(str(place[-1] if place else ""))):
            call = call.put(("body", *place), f"Aa1!{word}")
    return call


def working(duel: Duel, found: list[Pass]) -> Pass | None:
    """The one that opens something."""
    return next((each for each in found if witness(duel, each) is not None), None)


def witness(duel: Duel, holder: Pass) -> Call | None:
    """A read that this credential opens and that is refused to nobody's: what shows that it works.

    What its scopes are about comes first, then what needs no object: a new account has none.
    """
    estate, ground = duel.victim, duel.ground
    reads = [
        each
        for each in ground.operations
        if each.safe
        and each.speakable
        and not each.public
        and not ground.hints.is_public(each.label)
    ]
    scopes = scoped_to(holder.answer)

    def rank(each: Operation) -> tuple[bool, int, bool, bool]:
        about = bool(scopes & said_in(each.path))
        return not about, len(each.names), each.resource not in SELF, each.method != "GET"

    reads.sort(key=rank)
    tried = 0
    for operation in reads:
        path = next(estate.ledger.fill(operation), None)
        if path is None or tried >= MOST_READS:
            continue
        tried += 1
        call = estate.write(operation, path, recipe=Recipe(full=False))
        if not estate.accepts(holder.call(ground, call)):
            continue
        if not estate.accepts(send(ground.nobody, call)):
            return call
    return None


def hidden(made: Sequence[Pass], text: str) -> str:
    """The text without the new secrets."""
    for each in made:
        text = each.hidden(text)
    return text
