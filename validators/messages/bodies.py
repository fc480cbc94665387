"""What is a valid body for this JSON schema, with a canary in every free text?"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random
from uuid import UUID

from gate.model import Json
from validators.document.names import (
    RESERVED,
    WRAPPERS,
    is_identity,
    names_people,
    noun_in,
    stem,
)
from validators.document.operations import NOTHING, Object, as_list, as_object, resolve
from validators.document.patterns import fits, texts
from validators.document.schemas import floor, is_given_back, kind_of, merge, number_in
from validators.messages.calls import as_text
from validators.messages.traces import UUID as WRITTEN_UUID

DEEPEST = 8
SIMPLE = frozenset({"string", "integer"})
OMIT: Object = {"not": {}}
# Not to be made up: it is sent where it refers to a known object.
REFER: Object = {"x-refer": True}
# The caller's own account: which one that is says the tenant's ledger.
HIMSELF: Object = {"x-himself": True}
YEAR, BEGINNING, ADDED = "x-year", "x-beginning", "x-added"
# Another number each time.
NEXT = "x-next"
MARKED = {"email", "idn-email", "uri", "url", "iri", "hostname", "password", "textarea"}
DATED = {
    "date-time": "2026-01-02T03:04:05Z",
    "time": "03:04:05Z",
    "duration": "PT1H",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "field-mask": "*",
    "google-fieldmask": "*",
}
# What says which version is meant, and would be refused if it were made up (AIP-154).
TAGS = frozenset({"etag", "_etag"})
SIZES = frozenset({"size", "size_bytes", "byte_size", "bytes", "length", "content_length",
                   "file_size", "sizebytes", "bytesize", "contentlength", "filesize"})  # fmt: skip
SUMS = re.compile(r"(?i)(?:^|_|content)(sha_?256|sha_?1|sha_?512|md5|digest|checksum)$")
METHODS = ("sha256", "sha512", "sha1", "md5")


@dataclass(frozen=True, slots=True)
class Canaries:
    """Marks that only one tenant's objects carry: a random token and a running number."""

    token: str
    numbers: Iterator[int] = field(default_factory=count)

    def draw(self) -> str:
        """The next mark; it begins with the token."""
        return f"{self.token}{next(self.numbers):03d}"


def draw_canaries(chance: Random) -> Canaries:
    """Fresh marks of lower-case letters and digits, which names, slugs and hosts allow."""
    return Canaries("".join(["k", *chance.choices("abcdefghijkmnpqrstuvwxyz23456789", k=11)]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Writes bodies. `refer` gives an id for a field such as `run_id`, or None.

    `full` also writes the optional fields that can carry a mark, `linked` those that refer to a
    known object; otherwise required ones only. `current` is the object to be changed: choices and
    numbers are written unlike it. `given` are values for names that cannot be guessed, `taught`
    what refusals have said of a name beside its schema (`OMIT`: not to be sent), `choices`
    all ids that `refer` could give, and `nth` which of them is wanted. `about` is the member inside
    which is written: `id` in `customer` is a customer's.
    """

    document: Object
    chance: Random
    canaries: Canaries
    refer: Callable[[str], str | None]
    full: bool = True
    linked: bool = False
    current: Mapping[str, Json] = field(default_factory=dict)
    given: Mapping[str, Json] = field(default_factory=dict)
    taught: Mapping[str, Object] = field(default_factory=dict)
    choices: Callable[[str], Sequence[str]] = lambda _: ()
    nth: int = 0
    depth: int = 0
    about: str = ""

    @property
    def content(self) -> str:
        """What this tenant's files consist of, as a JSON text; sizes and sums are those of it."""
        return json.dumps(self.canaries.token)

    def write(self, schema: Json, name: str = "") -> Json:
        """A value for the schema, as far as the schema is simple (JSON Schema 2020-12)."""
        if name in self.given:
            return self.given[name]
        plain = self.simplify(schema)
        learned = self.learned(plain, name)
        plain = {**plain, **learned}
        if "const" in plain or "enum" in plain:
            return self.choose(plain, name)
        kind = kind_of(plain)
        if kind in {"object", "array"}:
            return self.contain(kind, plain, name)
        linked = not learned and refers(plain, name)
        known = self.known(plain, self.called(name, plain)) if linked else None
        if known is not None:
            return int(known) if kind == "integer" else known
        told = self.told(plain, name)
        if told is not None:
            return told
        return self.write_text(plain) if kind == "string" else self.scalar(kind, plain, name)

    def learned(self, schema: Object, name: str) -> Object:
        """What a refusal has said of this name; of a list's name it may be meant of the items."""
        said = self.taught.get(name, NOTHING)
        if said == REFER:
            return NOTHING
        inside = kind_of(schema) in {"object", "array"} and "const" not in said
        return NOTHING if inside and kind_of(said) != kind_of(schema) else said

    def known(self, schema: Object, name: str) -> str | None:
        """An id that the field may hold; of what is to be changed, another number than now."""
        found = [each for each in (self.refer(name), *self.choices(name)) if each is not None]
        number, now = kind_of(schema) == "integer", self.current.get(name)
        fitting = [each for each in dict.fromkeys(found) if not number or each.isdigit()]
        if schema.get("format") == "uuid":
            fitting = [each for each in fitting if WRITTEN_UUID.fullmatch(each)] or fitting
        if number and not is_identity(name):
            fitting = [each for each in fitting if each != str(now)]
        return fitting[min(self.nth, len(fitting) - 1)] if fitting else None

    def told(self, schema: Object, name: str) -> Json:
        """What a field says of the tenant's file: its bytes, their number or their sum; or None."""
        kind, content = kind_of(schema), self.content.encode()
        if kind == "string" and (schema.get("format") == "binary" or "contentMediaType" in schema):
            return self.canaries.token
        if kind == "integer" and name.lower() in SIZES and name not in self.current:
            least, most = floor(schema), schema.get("maximum", len(content))
            fitting = isinstance(most, int | float) and least <= len(content) <= most
            return len(content) if fitting else None
        summed = SUMS.search(name) if kind == "string" else None
        return None if summed is None else sum_of(content, summed[1].lower(), schema)

    def contain(self, kind: str, schema: Object, name: str) -> Json:
        """An object or array; an empty one where a schema contains itself without end."""
        if self.depth > DEEPEST:
            return {} if kind == "object" else []
        about = self.about if name.lower() in {"", *WRAPPERS, *RESERVED} else name
        inner = replace(self, depth=self.depth + 1, about=about)
        return inner.write_object(schema) if kind == "object" else inner.write_array(schema, name)

    def called(self, name: str, schema: Object = NOTHING) -> str:
        """The field with what it is a member of, or is said to be, when its own name says nothing.

        What is described as `Users`, or `The user's id`, is one's id where one is known, and so is
        what has to be a UUID (`plan`).
        """
        if self.about and name.lower() in RESERVED:
            return f"{self.about}_id"
        kind = noun_in(str(schema.get("description", "")))
        said = f"{kind}_id" if kind and not is_identity(name) and kind != stem(name) else ""
        if schema.get("format") == "uuid" and not (said or is_identity(name)):
            said = f"{name}_id"
        known = said and self.refer(name) is None and self.refer(said) is not None
        return said if known else name

    def choose(self, schema: Object, name: str) -> Json:
        """The first choice that changes something; for the items of a list one after the other."""
        if "const" in schema:
            return schema["const"]
        choices = [each for each in as_list(schema["enum"]) if each is not None]
        now = self.current.get(name)
        other = [each for each in choices if each != now] or choices
        return other[min(self.nth, len(other) - 1)] if other else None

    def scalar(self, kind: str, schema: Object, name: str) -> Json:
        """A number, a truth value or null, another one than now."""
        now = self.current.get(name)
        if kind in {"integer", "number"}:
            if NEXT in schema:
                return next(self.canaries.numbers)
            if isinstance(now, int | float) and not isinstance(now, bool):
                return number_in({**schema, "minimum": max(now + 1, floor(schema))})
            return number_in(schema)
        if kind != "boolean":
            return None
        return not now if isinstance(now, bool) else schema.get("default", False)

    def simplify(self, schema: Json) -> Object:
        """The schema without references, unions (first option that is not null) and parts."""
        plain = resolve(self.document, schema)
        for word in ("anyOf", "oneOf"):
            options = [resolve(self.document, each) for each in as_list(plain.get(word))]
            real = [each for each in options if each.get("type") != "null"]
            if real:
                return self.simplify({**plain, **real[0], word: []})
        parts = as_list(plain.get("allOf"))
        if parts:
            merged: dict[str, Json] = {**plain, "allOf": []}
            for part in parts:
                merged = merge(merged, self.simplify(part))
            return merged
        return plain

    def write_object(self, schema: Object) -> Json:
        """Required properties, the marked optional ones, and one entry of a free-form map."""
        required = as_list(schema.get("required"))
        properties = as_object(schema.get("properties"))
        if self.depth == 1:  # what a refusal asked for and the document does not name
            added = [name for name, each in self.taught.items() if ADDED in each]
            properties = {**{name: {} for name in added}, **properties}
        wanted = [
            name
            for name, each in properties.items()
            if (name in required and not is_given_back(resolve(self.document, each)))
            or name in self.given
            or self.taught.get(name, REFER) != REFER
            or self.wants(each, name)
        ]
        if not wanted and self.about:  # it may say nothing but which one is meant
            wanted = [name for name in properties if name.lower() in RESERVED and self.names(name)]
        wanted = [each for each in wanted if self.taught.get(each) != OMIT]
        least = schema.get("minProperties", 0)
        if not wanted and isinstance(least, int) and least > 0:
            wanted = list(properties)[:least]
        written = {name: self.write(properties[name], name) for name in wanted}
        values = schema.get("additionalProperties")
        if not properties and isinstance(values, dict):
            written[self.canaries.draw()] = self.write(values)
        return written

    def names(self, name: str) -> bool:
        """Is an object known that a field of this name may hold?"""
        return self.refer(self.called(name)) is not None

    def wants(self, schema: Json, name: str) -> bool:
        """Is an optional field worth writing?"""
        if is_given_back(resolve(self.document, schema)) or name.lower() in TAGS:
            return False
        if self.taught.get(name) == REFER and not self.linked:
            return False
        if (
            self.linked
            and self.refer(self.called(name, resolve(self.document, schema))) is not None
        ):
            return True
        made_up = self.full and self.taught.get(name) != REFER
        return made_up and self.carries(schema, name)

    def write_array(self, schema: Object, name: str) -> Json:
        """As many items as the schema demands; one when it demands none."""
        least = schema.get("minItems", 0)
        length = max(1, least) if isinstance(least, int) else 1
        items = dict(resolve(self.document, schema.get("items", {})))
        if "description" in schema and kind_of(items) in SIMPLE:
            items = {"description": schema["description"], **items}
        return [replace(self, nth=at).write(items, name) for at in range(length)]

    def write_text(self, schema: Object) -> Json:
        """A text with a mark, in the format and pattern of the schema."""
        form = str(schema.get("format", ""))
        if form == "uuid":
            return str(UUID(int=self.chance.getrandbits(128), version=4))
        year = schema.get(YEAR)
        day = "2026-01-02" if year is None else f"{year}-{self.day()}"
        if form == "date-time":  # no two at the same time: a calendar would refuse the second
            return f"{day}T{self.minute()}:05Z"
        return (day if form == "date" else DATED.get(form)) or next(
            (text for text in self.candidates(form, schema) if fits(text, schema)),
            self.canaries.draw(),
        )

    def minute(self) -> str:
        """A time of the day, `03:04`."""
        return f"{self.chance.randrange(24):02d}:{self.chance.randrange(60):02d}"

    def day(self) -> str:
        """A day of the year, `03-04`."""
        return f"{self.chance.randrange(1, 13):02d}-{self.chance.randrange(1, 29):02d}"

    def candidates(self, form: str, schema: Object) -> Iterator[str]:
        """Texts to try, marked ones first."""
        least = schema.get("minLength")
        mark = self.canaries.draw().ljust(least if isinstance(least, int) else 0, "0")
        if BEGINNING in schema:
            yield f"{schema[BEGINNING]}{mark}"
        if form in {"email", "idn-email"}:
            yield f"{mark}@example.org"
        if form in {"uri", "url", "iri"}:
            yield f"https://{mark}.example.org/"
        yield from (mark, mark.upper(), f"{mark}@example.org", f"https://{mark}.example.org/")
        written = list(texts(schema.get("pattern"), mark, self.chance))
        yield from written[:1]
        examples = [*as_list(schema.get("examples")), schema.get("example"), schema.get("default")]
        yield from (as_text(each) for each in examples if each is not None)
        yield from written[1:]
        yield from ("1.0.0", "a", "1", "00", "EUR", "DE", "+491701234567", "12:00")
        yield f"{self.chance.getrandbits(128):032x}"
        yield f"{self.chance.getrandbits(256):064x}"

    def carries(self, schema: Json, name: str = "", depth: int = 0) -> bool:
        """Can a value of this schema hold a mark?"""
        if self.depth + depth > DEEPEST:
            return False
        plain = self.simplify(schema)
        match kind_of(plain):
            case "string":
                marked = plain.get("format", "email") in MARKED
                return marked and not plain.keys() & {"enum", "const"} and not is_identity(name)
            case "array":
                return self.carries(plain.get("items", {}), name, depth + 1)
            case "object":
                inner = as_object(plain.get("properties"))
                values = [plain.get("additionalProperties")] if not inner else inner.values()
                return any(
                    isinstance(each, dict) and self.carries(each, "", depth + 1) for each in values
                )
            case _:
                return False


def sum_of(content: bytes, name: str, schema: Object) -> str | None:
    """The content's sum in hex by the method that the name says, else by one that fits."""
    said = name.replace("_", "")
    for method in (said,) if said in METHODS else METHODS:
        text = hashlib.new(method, content, usedforsecurity=False).hexdigest()
        if fits(text, schema):
            return text
    return None


def refers(schema: Object, name: str) -> bool:
    """May a field of this schema hold another object's id?"""
    form = str(schema.get("format", ""))
    barred = {*DATED, "date", *(MARKED if names_people(name) else ())}  # an address is no id
    return bool(name) and form not in barred and kind_of(schema) in {"string", "integer"}
