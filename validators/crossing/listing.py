"""In which ways can a list be asked for what it should not show?"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from gate.check import Answer
from gate.model import Json
from validators.crossing.date_ranges import ranges
from validators.crossing.named_lists import by_names
from validators.crossing.owner_filters import by_owner
from validators.document.names import words_of
from validators.document.operations import Object, Operation, as_object
from validators.document.schemas import kind_of
from validators.estates.estate import Estate
from validators.estates.ground import Duel
from validators.estates.identities import identities, is_owning
from validators.estates.principals import is_person
from validators.estates.states import parts_of
from validators.estates.things import is_stranger
from validators.messages.calls import Call, Pointer, leaves

SEARCH = re.compile(r"(?i)^(q|query|search|filter|term|text|name|keyword|like|contains|title)")
SIZE = re.compile(r"(?i)(limit|size|per_?page|count|top|max|take)")
PAGE = re.compile(r"(?i)(^|_)page|number|offset|skip|^start|^from$")
SORT = re.compile(r"(?i)(sort|order)")
COUNTING = frozenset({"count", "counts", "counted", "total", "totals", "inlinecount"})
CURSOR = re.compile(
    r"(?i)(cursor|(page|skip)_?token|continuation|starting_?after|^after$|^next|^token$)"
)
AFTER = re.compile(r"(?i)after|since|last")
NEXT = re.compile(r"(?i)<(?P<target>[^>]*)>[^,<]*;\s*rel=\"?next\b")
BASE64 = re.compile(r"[A-Za-z0-9_+/-]{8,}={0,2}")
MOST_PARAMETERS = 12
MOST_VALUES = 2
MOST_CHOICES = 4
MOST_WHOLE = 6
LARGE = 1000
Options = dict[Pointer, Json]


def ways(duel: Duel, call: Call, own: Call) -> Iterator[tuple[str, Call]]:
    """The requests to try, each with what is special about it; the largest page for all of them."""
    yield "plain", call
    usual, places = call, options(duel, call)
    size = next((place for place in places if is_size(place)), None)
    if size is not None:
        for most in values_for(duel, call.operation, size, places[size])[:1]:
            large = call.put(size, most)
            yield f"with {said(size)}", large
            call = large if duel.attacker.accepts(duel.attacker.send(large)) else call
    for place, schema in list(places.items())[:MOST_PARAMETERS]:
        for value in values_for(duel, call.operation, place, schema) if place != size else ():
            # Nothing is left for a second page where the first is as large as may be.
            later = PAGE.search(inner(place)) is not None and value != first_of(duel, schema)
            yield f"with {said(place)}", (usual if later else call).put(place, value)
    yield from ranges(call, schemas_at(duel, places))
    yield from by_owner(duel, call, schemas_at(duel, places))
    yield from by_names(duel, call, schemas_at(duel, places))
    yield from cursors(duel, call, own, size)


def schemas_at(duel: Duel, places: Options) -> dict[Pointer, Object]:
    """The places with their schemas in full."""
    return {place: duel.attacker.author.simplify(each) for place, each in places.items()}


def said(place: Pointer) -> str:
    """A place in words: the parameter's name, or the field's with what it is a member of."""
    return " ".join(map(str, place[1:]))


def inner(place: Pointer) -> str:
    """What the last part of a place is called: `page[size]` is a size, and `$top` is `top`."""
    return str(place[-1]).rstrip("]").rpartition("[")[2].removeprefix("$")


def is_size(place: Pointer) -> bool:
    """Does it say how many there are to be? `$count` asks how many there are (OData 4.01)."""
    return SIZE.search(inner(place)) is not None and place[-1] != "$count"


def counted(estate: Estate, call: Call) -> Call:
    """The list with the option that has it say how many there are (`$count=true`), if it has one.

    Known by what it does: the answer then holds something that it does not hold without.
    """
    plain = {place for place, _ in parts_of(estate.send(call))}
    for name, schema in call.operation.optional.items():
        for value in counting_values(estate, name, schema):
            asked = call.put(("query", name), value)
            answer = estate.send(asked)
            if estate.accepts(answer) and {place for place, _ in parts_of(answer)} - plain:
                return asked
    return call


def counting_values(estate: Estate, name: str, schema: Json) -> list[Json]:
    """What a parameter may be asked for a count: all where its name says so, else such a choice.

    `include[]=total_count` has a list of choices.
    """
    simple = estate.author.simplify(schema)
    listed = kind_of(simple) == "array"
    each = estate.author.simplify(simple.get("items", {})) if listed else simple
    choices, named = each.get("enum"), bool(COUNTING & set(words_of(name)))
    if kind_of(each) not in {"boolean", "string"}:
        return []
    values = choices if isinstance(choices, list) else [True] if named and not listed else []
    fitting = [one for one in values if named or COUNTING & set(words_of(str(one)))]
    return [[one] for one in fitting] if listed else fitting


def options(duel: Duel, call: Call) -> Options:
    """Where the request may say more: parameters of the query, fields of a body, and of a member.

    What it must say is said already.
    """
    found: Options = {("query", name): each for name, each in call.operation.optional.items()}
    for name, each in members(duel, dict(call.operation.body)).items():
        inside = members(duel, each)
        found |= {("body", name, part): value for part, value in inside.items()}
        if not inside and name not in as_object(call.body):
            found["body", name] = each
    return found


def members(duel: Duel, schema: Json) -> Object:
    """The properties of an object schema."""
    return as_object(duel.attacker.author.simplify(schema).get("properties"))


def values_for(duel: Duel, operation: Operation, place: Pointer, schema: Json) -> list[Json]:
    """What to ask an optional parameter for: each choice, pages, and all that is the victim's."""
    plain, name = duel.attacker.author.simplify(schema), inner(place)
    kind, choices = kind_of(plain), plain.get("enum")
    if isinstance(choices, list):
        return choices[:MOST_CHOICES]
    if kind == "array":
        items = plain.get("items", {})
        return [[each] for each in values_for(duel, operation, place, items)]
    if kind in {"integer", "number"}:
        return numbers_for(duel, operation, name, plain)
    if kind == "boolean" or place[-1] == "$count":
        return [True]
    if SIZE.search(name):
        return [str(LARGE)]
    return [*victims(duel, operation, name)] or (["id"] if SORT.search(name) else [])


def numbers_for(duel: Duel, operation: Operation, name: str, plain: Object) -> list[Json]:
    """As many as there may be, the first pages, or the numbers of the victim's objects."""
    if SIZE.search(name):
        most = plain.get("maximum")
        return [most if isinstance(most, int) else LARGE]
    theirs = [int(each) for each in victims(duel, operation, name) if each.isdigit()]
    first = first_of(duel, dict(plain))
    return [*theirs] or ([*dict.fromkeys([first, 1, 2])] if PAGE.search(name) else [first])


def first_of(duel: Duel, schema: Json) -> Json:
    """Where the numbers of a parameter begin, as far as the document says."""
    return duel.attacker.author.simplify(schema).get("minimum", 0)


def victims(duel: Duel, operation: Operation, name: str) -> list[str]:
    """The victim's values of what the parameter is about: who he is, and the ids of his objects."""
    named = identities(duel.victim, duel.attacker) if is_owning(name) else []
    other = duel.attacker.ledger
    alone = [
        each.id
        for each in duel.victim.ledger.things_for(name, operation.resource)
        if other.by_value(each.id, each.resource) is None
    ]
    return [*alone[:MOST_VALUES], *named]


def cursors(duel: Duel, call: Call, own: Call, size: Pointer | None) -> Iterator[tuple[str, Call]]:
    """The victim's next page, and the attacker's own with the victim's ids in it."""
    places = options(duel, call)
    parameter = next((place for place in places if is_cursor(duel, place, places[place])), None)
    if parameter is None:
        return
    name = str(parameter[-1])
    page = duel.victim.send(own.put(size, 1) if size else own)
    given = cursor_in(page, name) or (shown_in(duel, page) if AFTER.search(name) else None)
    if given:
        yield "with the victim's cursor", call.put(parameter, given)
    mine = cursor_in(duel.attacker.send(call.put(size, 1) if size else call), name)
    for forged in forge(mine, duel) if mine else ():
        yield "with a forged cursor", call.put(parameter, forged)


def is_cursor(duel: Duel, place: Pointer, schema: Json) -> bool:
    """Does it say where to go on? A `page` that is a text is no number of one."""
    kind = kind_of(duel.attacker.author.simplify(schema))
    return CURSOR.search(inner(place)) is not None or (inner(place) == "page" and kind == "string")


def shown_in(duel: Duel, page: Answer) -> str | None:
    """The first of the victim's objects on his page: where an id says what to go on after."""
    ids = (value for place, value in leaves(page.json()) if place and place[-1] == "id")
    return next((each for each in ids if duel.victim.ledger.by_value(each)), None)


def cursor_in(answer: Answer, name: str) -> str | None:
    """The cursor that an answer gives: in its body, or in the address of its next page.

    The address may stand in the `Link` header (RFC 8288), where a parameter of this `name` has it.
    """
    for place, value in leaves(answer.json()):
        if place and CURSOR.search(str(place[-1])) and value:
            return said_by(value, name) or value
    found = NEXT.search(answer.headers.get("link", ""))
    return said_by(found["target"], name) if found else None


def said_by(address: str, name: str) -> str | None:
    """What an address has under a parameter of this name."""
    return next(iter(parse_qs(urlsplit(address).query).get(name, ())), None)


def forge(cursor: str, duel: Duel) -> Iterator[str]:
    """The cursor with each of the attacker's ids exchanged for the victim's of the same kind."""
    text = decoded(cursor)
    pairs = {
        mine.id: theirs.id
        for mine in duel.attacker.ledger.things
        for theirs in duel.victim.ledger.things
        if mine.resource == theirs.resource and mine.id and mine.id != theirs.id
    }
    for source, wrap in ((cursor, str), (text, encoded)):
        changed = source
        for mine, theirs in pairs.items():
            changed = changed.replace(mine, theirs)
        if changed != source:
            yield wrap(changed)


def decoded(cursor: str) -> str:
    """The text in a base64 cursor, or nothing."""
    if not BASE64.fullmatch(cursor):
        return ""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def encoded(text: str) -> str:
    """The text as base64 without padding."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def search_places(duel: Duel, call: Call) -> list[Pointer]:
    """Where a search term can be put, by the names of parameters and of the body's fields."""
    named = [("query", name) for name in call.query]
    named += [("body", name) for name in as_object(call.body)]
    texts = [
        place
        for place, schema in options(duel, call).items()
        if kind_of(duel.attacker.author.simplify(schema)) == "string"
    ]
    found = [*texts, *named]
    return [place for place in found if any(map(SEARCH.search, (str(place[-1]), inner(place))))][:3]


def whole_texts(duel: Duel, operation: Operation) -> dict[str, str]:
    """Texts of the victim's objects in full, by their fields, that only an exact match finds.

    What the document speaks of comes first ("by their serial"). A person may be looked up by his
    address on purpose, and is left out.
    """
    mark, found = re.compile(rf"\S*{duel.victim.canaries.token}\d\S*"), dict[str, str]()
    for thing in duel.victim.ledger.things:
        if thing.origin and not (is_person(thing.resource) or is_stranger(thing)):
            for name, value in thing.fields.items():
                if isinstance(value, str) and mark.fullmatch(value):
                    found.setdefault(name, value)
    said = set(words_of(" ".join(operation.prose.values())))
    order = sorted(found, key=lambda name: not set(words_of(name)) <= said)
    return {name: found[name] for name in order[:MOST_WHOLE]}
