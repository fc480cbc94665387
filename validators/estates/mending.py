"""How is a request written that was refused: what else could the field that is blamed hold?

What helps is a lesson of the operation: all later requests of either tenant are written like that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from gate.check import Answer
from gate.model import Json
from validators.document.names import is_identity, resource_in
from validators.document.operations import NOTHING, Object, Operation, as_list, as_object
from validators.document.schemas import kind_of
from validators.estates.alike_values import alike_values
from validators.estates.estate import Estate
from validators.estates.kept_filters import kept_filters
from validators.estates.principals import is_person
from validators.estates.things import Thing
from validators.messages.bodies import ADDED, BEGINNING, HIMSELF, NEXT, OMIT, REFER, YEAR
from validators.messages.calls import Call, leaves
from validators.messages.refusals import LACKING, blames

REFUSED = {400, 415, 422}
GOOD = range(200, 300)
LONG = 8
REFERENCE = re.compile(r"(?i)\b(reference|resource|not found|no such|exist|belong|member|unknown)")
MOST_TRIES = 24
DEEPEST = 6
YEARS = (2031, 2032, 2033, 1990, 1991)
# What a message or a name may mean, and how that is written.
MEANINGS: tuple[tuple[str, Object], ...] = (
    (r"e-?mail", {"format": "email"}),
    (r"\b(url|uri|link|https?)\b", {"format": "uri"}),
    (r"uuid|guid", {"format": "uuid"}),
    (r"date.?time|timestamp|iso.?8601", {"format": "date-time"}),
    (r"date|day\b|birth|yyyy", {"format": "date"}),
    (r"\bip\b|ipv4", {"format": "ipv4"}),
    (r"phone|mobile|e\.?164|\btel\b", {"pattern": r"^\+4917[0-9]{8}$"}),
    (r"country", {"const": "DE"}),
    (r"currency", {"const": "EUR"}),
    (r"time.?zone|\btz\b", {"const": "Europe/Berlin"}),
    (r"language|locale", {"const": "en"}),
    (r"colou?r|\bhex\b", {"pattern": "^#[0-9a-f]{6}$"}),
    (r"slug", {"pattern": "^[a-z]+-[a-z]+$"}),
    (r"decimal|amount|price|money", {"pattern": "^[1-9][0-9][.][0-9]{2}$"}),
    (r"integer|number|numeric|digits?", {"pattern": "^[1-9][0-9]{5}$"}),
    (r"letters?|alphabetic", {"pattern": "^[a-z]{8}$"}),
    (r"version", {"const": "1.0.0"}),
    (r"time\b", {"const": "12:00"}),
)
LENGTHS = (
    (r"(?:at least|min\w*|longer than)\D{0,20}(\d+)", "minLength", "minimum"),
    (r"(?:at most|max\w*|shorter than|exceed)\D{0,20}(\d+)", "maxLength", "maximum"),
)
MORE = r"(?:greater|more|larger|above|>=?)\D{0,24}?(-?\d+(?:\.\d+)?)"
LESS = r"(?:less|smaller|below|<=?)\D{0,24}?(-?\d+(?:\.\d+)?)"
LISTED = re.compile(r"(?i)one of|allowed|permitted|expected|choose|valid \w+|should be")
QUOTED = re.compile(r"'([^']{1,40})'|\"([^\"]{1,40})\"")
PATTERN = re.compile(r"(?i)pattern:? ['\"]?(\^?\S+?\$?)['\"]?(?:\s|$)")
UNIQUE = re.compile(r"(?i)\bunique\b|duplicate|already (exist|taken|used|in use|been)")
UNWANTED = re.compile(r"(?i)extra|not permitted|unknown field|unexpected|not allowed|additional")


@dataclass(slots=True)
class Lessons:
    """What is tried for one operation: for each field the ways to write it that are left."""

    estate: Estate
    operation: Operation
    taught: dict[str, Object]
    left: dict[str, Iterator[Object]] = field(default_factory=dict)
    wholes: list[dict[str, Object]] | None = None

    def next(self, answer: Answer, call: Call) -> bool:
        """Change what is taught by a refusal; False when nothing is left to try."""
        known = dict(fields_of(self.estate, self.operation))
        names = {*known, *call.query, *names_in(call.body)}
        for name, said in self.blamed(answer, call, names).items():
            ways = self.left.get(name)
            if ways is None:
                shown = sample_of(self.operation, name)
                usual = ways_of(known.get(name, NOTHING), f"{name} {said}", shown)
                if UNIQUE.search(said) and kind_of(known.get(name, NOTHING)) == "integer":
                    usual = chain([{NEXT: True}], usual)
                if REFERENCE.search(said) and name in quoted(answer, call):
                    usual = chain([REFER], usual)
                if (
                    self.estate.ledger.himself()
                    and is_identity(name)
                    and is_person(resource_in(name))
                ):
                    usual = chain([HIMSELF], usual)
                if name in known and is_lacking(name, said, call):  # as it is declared
                    usual = chain([NOTHING], usual)
                alike_ones = alike_values(self.estate, self.operation, name)
                ways = chain(kept_filters(self.estate, name), alike_ones, usual)
                self.left[name] = ways
            years = {each.get(YEAR, "") for other, each in self.taught.items() if other != name}
            lesson = next((each for each in ways if each.get(YEAR) not in years), None)
            if lesson is not None:
                added = NOTHING if name in names else {ADDED: True}
                self.taught[name] = {**lesson, **added}
                return True
        if self.wholes is None:
            self.wholes = list(wholes_of(self.estate, self.operation, known))
        if not self.wholes:
            return False
        self.taught.update(self.wholes.pop(0))
        return True

    def blamed(self, answer: Answer, call: Call, names: Collection[str]) -> dict[str, str]:
        """The fields that a refusal blames; of several that are taken together, no reference.

        "The fields slot, position must make a unique set" wants another position in the same slot.
        """
        found = {**quoted(answer, call), **blames(answer, names)}
        taken = {name for name, said in found.items() if UNIQUE.search(said)}
        known = self.estate.ledger.by_value
        referring = {str(place[-1]) for place, text in leaves(call.body) if place and known(text)}
        return {name: found[name] for name in found if name not in taken & referring} or found


def quoted(answer: Answer, call: Call) -> dict[str, str]:
    """The fields whose values a refusal quotes (`Invalid resource reference: 'x'`)."""
    text = " ".join(said for _, said in leaves(answer.json()))
    sent = leaves({**dict(call.query), **as_object(call.body)})
    return {
        next(str(part) for part in reversed(place) if isinstance(part, str)): text
        for place, value in sent
        if len(value) >= LONG and re.search(rf"['\"`]{re.escape(value)}['\"`]", text)
    }


def is_lacking(name: str, said: str, call: Call) -> bool:
    """Was it left out of the request, and does the refusal ask for it?"""
    sent = {*call.query, *names_in(call.body)}
    return name not in sent and LACKING.search(said) is not None


def mend(
    estate: Estate,
    operation: Operation,
    write: Callable[[], Call],
    answer: Answer,
    refused: Call | None = None,
) -> tuple[Call | None, Answer]:
    """The request written in other ways until it is granted: that call, or None, and the answer."""
    call, before = refused or write(), estate.envelope.taught.get(operation.label)
    taught = dict(before or {})
    estate.envelope.taught[operation.label] = taught
    lessons = Lessons(estate, operation, taught)
    for _ in range(MOST_TRIES):
        mendable = answer.status in REFUSED or answer.status in GOOD
        if not mendable or not lessons.next(answer, call):
            break
        call = write()
        answer = estate.send(call)
        if estate.accepts(answer):
            return call, answer
    if before is None:
        del estate.envelope.taught[operation.label]
    else:
        estate.envelope.taught[operation.label] = before
    return None, answer


def learn_another(estate: Estate, thing: Thing) -> None:
    """Find out how a second one is made beside what is there already, where a value has to differ.

    The first position in a list is taken once, and a running number is free each time.
    """
    if thing.origin is None:
        return
    operation, path = thing.origin.operation, estate.place_for(thing.origin)
    again = partial(estate.write, operation, path, thing.parents)
    answer = estate.send(again())
    if answer.status in REFUSED and UNIQUE.search(answer.body):
        mend(estate, operation, again, answer)


def learn_demanded(estate: Estate, operation: Operation, answer: Answer) -> bool:
    """Note the parameters that a refusal asks for, though the document leaves them to the caller.

    What is written by protobuf's generators marks no parameter as required (`query` of a search).
    """
    if answer.status not in REFUSED or operation.label in estate.envelope.demanded:
        return False
    named = blames(answer, operation.optional)
    found = {name: operation.optional[name] for name in named if name in operation.optional}
    asked = {name: each for name, each in found.items() if LACKING.search(named[name])}
    if asked:
        estate.envelope.demanded[operation.label] = asked
    return bool(asked)


def fields_of(estate: Estate, operation: Operation) -> Iterator[tuple[str, Object]]:
    """Every field that the operation knows, at any depth, with its schema; parameters as well."""
    for name, each in {**operation.optional, **operation.query}.items():
        yield name, estate.author.simplify(each)
    yield from inside(estate, dict(operation.body), 0)


def inside(estate: Estate, schema: Json, depth: int) -> Iterator[tuple[str, Object]]:
    """The fields of a schema, the outer ones last so that they count."""
    plain = estate.author.simplify(schema)
    if depth > DEEPEST:
        return
    if "items" in plain:
        yield from inside(estate, plain["items"], depth + 1)
    for name, each in as_object(plain.get("properties")).items():
        yield from inside(estate, each, depth + 1)
        yield name, estate.author.simplify(each)


def names_in(body: Json) -> set[str]:
    """All names in a body."""
    return {str(part) for place, _ in leaves(body) for part in place if isinstance(part, str)}


def sample_of(operation: Operation, name: str) -> list[Json]:
    """What the document's examples of the whole body hold for this field."""
    found = []
    for sample in operation.samples:
        for place, _ in leaves(sample):
            if place and place[-1] == name:
                found.append(value_in(sample, place))
    return found


def value_in(value: Json, place: Sequence[str | int]) -> Json:
    """What stands at a place."""
    for part in place:
        value = value[part] if isinstance(value, dict | list) else None  # type: ignore[index]
    return value


def ways_of(schema: Object, said: str, samples: Sequence[Json] = ()) -> Iterator[Object]:
    """Other schemas for a field, the likeliest first."""
    kind = kind_of(schema)
    if UNWANTED.search(said):
        yield OMIT
    inner = schema
    if kind == "array":
        yield {"type": "array", **schema, "minItems": 1}
        inner = as_object(schema.get("items"))
        kind = kind_of(inner)
    shown = [*samples, *(schema.get(name) for name in ("example", "default"))]
    shown += as_list(schema.get("examples"))
    known = [each for each in shown if each is not None]
    for each in known:
        if kind == "string" and isinstance(each, str):
            yield from alike(each)
        yield {"const": each}
    if kind == "string":
        yield from texts_of(inner, said)
    elif kind in {"integer", "number"}:
        yield from numbers_of(kind, said)
    elif kind == "boolean":
        yield {"const": True}
        yield {"const": False}
    yield OMIT


def alike(example: str) -> Iterator[Object]:
    """Texts like an example: its beginning before a mark, then its shape with other digits."""
    beginning = re.match(r"[A-Za-z#]{1,8}[-_:/.#]", example)
    if beginning:
        yield {"type": "string", BEGINNING: beginning[0], "format": ""}
    shape = re.sub(r"\d", r"\\d", re.escape(example))
    if "\\d" in shape and not re.match(r"\d{4}-\d\d", example):
        yield {"type": "string", "pattern": f"^{shape}$", "format": ""}


def texts_of(schema: Object, said: str) -> Iterator[Object]:
    """Other texts: what the message says, what it or the name may mean, then the usual formats."""
    for pattern, length, _ in LENGTHS:
        if found := re.search(pattern, said, re.IGNORECASE):
            yield {"type": "string", length: int(found[1])}
    if found := PATTERN.search(said):
        yield {"type": "string", "pattern": found[1]}
    if LISTED.search(said):
        yield from ({"const": one or other} for one, other in QUOTED.findall(said))
    form = str(schema.get("format", ""))
    meant = [way for word, way in MEANINGS if re.search(word, f"{form} {said}", re.IGNORECASE)]
    # Without a word for it a date is one guess of many, and other fields may be wrong as well.
    years = YEARS if meant else YEARS[:1]
    usual: list[Object] = [way for _, way in MEANINGS[:5]] if not meant and not form else []
    for way in (*meant, *usual):
        if str(way.get("format")).startswith("date"):
            yield from ({"type": "string", **way, YEAR: year} for year in years)
        else:
            yield {"type": "string", "format": "", **way}


def numbers_of(kind: str, said: str) -> Iterator[Object]:
    """Other numbers: beyond the limit that the message names, then some usual ones."""
    for pattern, _, limit in (*LENGTHS, (MORE, "", "minimum"), (LESS, "", "maximum")):
        if found := re.search(pattern, said, re.IGNORECASE):
            past = {MORE: 1, LESS: -1}.get(pattern, 0)
            yield {"type": kind, limit: float(found[1]) + past}
    yield from ({"const": each} for each in (10, 100, 5, 1000, 2031))


def wholes_of(
    estate: Estate, operation: Operation, known: dict[str, Object]
) -> Iterator[dict[str, Object]]:
    """The document's examples as a whole, without what can carry a mark at first; dates ahead."""
    for sample in operation.samples:
        whole: dict[str, Object] = {
            name: {"const": each} for name, each in as_object(sample).items()
        }
        plain = {
            name: each
            for name, each in whole.items()
            if not estate.author.carries(dict(known.get(name, NOTHING)), name)
        }
        yield from (each for each in (plain, whole) if each)
    dates = [name for name, each in known.items() if str(each.get("format")).startswith("date")]
    ahead: dict[str, Object] = {
        name: {**known[name], YEAR: YEARS[0] + at} for at, name in enumerate(dates)
    }
    if ahead:
        yield ahead
