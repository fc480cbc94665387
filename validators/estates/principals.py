"""Who are the run's own principals, as the service calls them, and what would unseat one of them?

A run that takes its own owner's role away sees nothing but refusals from then on.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gate.model import Json
from validators.document.names import (
    ACCOUNT,
    RESERVED,
    SELF,
    SIGNING,
    WRAPPERS,
    is_identity,
    resource_in,
    slots_of,
    stem,
    words_of,
)
from validators.document.operations import Operation, as_list, as_object

PEOPLE = frozenset(
    {"user", "member", "membership", "person", "people", "employee", "staff", "collaborator",
     "participant", "teammate", "seat"}
)  # fmt: skip
# What decides of somebody whether he may come in, and what he may do.
STANDING = frozenset(
    {"role", "admin", "owner", "staff", "superuser", "permission", "scope", "rank", "level",
     "access", "right", "privilege", "group", "status", "state", "active", "enabled", "disabled",
     "suspended", "blocked", "banned", "locked", "deleted", "archived", "expire", "membership"}
)  # fmt: skip
# What a token says of its holder (RFC 7519, section 4.1.2; OpenID Connect Core, section 5.1).
CLAIMS = frozenset({"sub", "email", "preferred_username", "username", "uid", "user_id", "userId"})
UNSEATING = frozenset({"promote", "demote", "transfer", "assign", "replace", "reset", "merge"})


@dataclass(frozen=True, slots=True)
class Principals:
    """By which values does the service call the run's own principals, and what may unseat them?

    `grave` are the operations on somebody that may, each with the fields of its body to leave out
    so that it does not; None where nothing would be left of it.
    """

    names: set[str] = field(default_factory=set)
    grave: dict[str, tuple[str, ...] | None] = field(default_factory=dict)

    def has(self, resource: str, fields: Mapping[str, Json]) -> bool:
        """Is this object one of them: a person who is called so?"""
        return is_person(resource) and any(each in self.names for each in names_in(fields))

    def spares(self, label: str, resource: str, fields: Mapping[str, Json]) -> bool:
        """Must the operation not be done to this object?"""
        return self.grave.get(label, ()) is None and self.has(resource, fields)

    def left_out(self, label: str, path: Sequence[str]) -> tuple[str, ...]:
        """The fields that a request on one of them does without."""
        return (self.grave.get(label) or ()) if path and path[-1] in self.names else ()

    def learn(self, answer: Json) -> None:
        """Take what a read says of its caller."""
        self.names.update(names_in(as_object(answer)))
        for name, member in as_object(answer).items():
            if is_person(stem(name)) or name.lower() in SELF | WRAPPERS:
                self.learn(member)

    def recognise(self, credentials: Mapping[str, str]) -> None:
        """Take what a credential itself says of its holder: a name, Basic, or a token's claims."""
        for value in credentials.values():
            scheme, _, secret = value.rpartition(" ")
            self.names.add(secret)
            if scheme.lower() == "basic":
                self.names.add(decoded(secret).partition(":")[0])
            elif secret.count(".") == 2:  # noqa: PLR2004 - the parts of a token (RFC 7515, 3.1)
                self.names.update(claims_of(secret.split(".")[1]))
        self.names.discard("")

    def weigh(self, operation: Operation, schema: Mapping[str, Json]) -> None:
        """Note an operation that may unseat somebody; `schema` is its body's.

        It ends him, says so in its path (`/promote`, `/role`), or its body holds what decides of
        his standing. Where that is optional, the rest may be done. Who signs in how is the matter
        of `trials.reason_to_spare`: accounts may have been made for the run.
        """
        slots = slots_of(operation.path)
        asked = set(operation.query) & set(operation.keys.get(operation.resource, ()))
        whom = slots[-1] if slots else (operation.resource if asked else "", "")
        if operation.safe or operation.signs_in or not is_person_at(whom):
            return
        fields = [*as_object(schema.get("properties"))]
        weighty = tuple(name for name in fields if decides(words_of(name)))
        needed = {str(each) for each in as_list(schema.get("required"))}
        said = set(words_of(operation.path.rpartition("}")[2]))
        if (
            operation.ends
            or decides(said)
            or said & UNSEATING
            or (weighty and (needed & {*weighty} or len(weighty) == len(fields)))
        ):
            self.grave[operation.label] = None
        elif weighty:
            self.grave[operation.label] = weighty


def introductions(operations: Sequence[Operation]) -> list[Operation]:
    """The reads that say who the caller is."""
    return [
        each
        for each in operations
        if each.method == "GET"
        and not each.names
        and not each.public
        and each.speakable
        and (each.resource in SELF - {"account"} or each.path.rstrip("/").endswith("/user"))
    ]


def names_in(fields: Mapping[str, Json]) -> Iterator[str]:
    """What names a person: his id, and what he signs in with."""
    for name, value in fields.items():
        plain = "_".join(words_of(name))
        named = is_identity(name) and (name.lower() in RESERVED or is_person(resource_in(name)))
        if (named or plain in ACCOUNT) and isinstance(value, str | int) and value != "":
            yield str(value)


def is_person(resource: str) -> bool:
    """Is an object of this kind somebody?"""
    return resource.rpartition("_")[2] in PEOPLE or resource in SELF


def claims_of(part: str) -> Iterator[str]:
    """Who the holder of a token is, as it says itself."""
    try:
        said = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error):
        return
    yield from (str(value) for name, value in as_object(said).items() if name in CLAIMS and value)


def decoded(text: str) -> str:
    """Base64 as text; "" for what is none."""
    try:
        return b64decode(text, validate=True).decode(errors="replace")
    except (ValueError, binascii.Error):
        return ""


def is_person_at(slot: tuple[str, str]) -> bool:
    """Does a place of a path name somebody, by its segment or by its parameter?"""
    resource, parameter = slot
    return is_person(resource) or is_person(resource_in(parameter))


def decides(words: Iterable[str]) -> bool:
    """Is one of these words about somebody's standing, or how he signs in?"""
    found = {*words}
    return bool({*found, *map(stem, found)} & (STANDING | SIGNING)) or bool(found & ACCOUNT)
