"""Where is what somebody was given traded for what signs him in (RFC 6749, section 4.4)?

An API client's id and secret open nothing themselves: a public operation takes both and gives a
token for a while.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from gate.check import Answer
from gate.model import Json
from validators.document.names import is_identity, words_of
from validators.document.operations import Operation, as_list, as_object
from validators.messages.bodies import Author
from validators.messages.calls import Call
from validators.messages.traces import scalars

SECRETS = frozenset({"secret", "token", "key", "jwt", "credential", "apikey", "pat"})
TRADING = frozenset({"auth", "oauth", "oauth2", "token", "tokens", "login", "signin",
                     "authenticate"})  # fmt: skip
SCOPES = frozenset({"scope", "scopes", "permission", "permissions", "grants", "privileges",
                    "abilities", "rights"})  # fmt: skip
KEY = frozenset({"key", "apikey", "pat", "secret"})
COOKIE, SHORTEST, MOST_SECRETS = "cookie", 12, 4
GRANTED = "client_credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The operation that trades a secret for a credential, and its fields for both.

    A key may say itself whose it is: then there is no `name`.
    """

    operation: Operation
    name: str
    secret: str
    fields: Mapping[str, Json]

    def filled(self, call: Call, secret: str, shown: Json, own: str) -> Call:
        """The call with a secret and whose it is, as the answer that gave it says, or by its id."""
        said = ((place.rpartition(".")[2], value) for place, value in scalars(shown) if value)
        called = (str(value) for name, value in said if words_of(name) == words_of(self.name))
        for each in grants(self.fields):
            call = call.put(("body", each), GRANTED)
        if self.name:
            call = call.put(("body", self.name), next(called, own))
        return call.put(("body", self.secret), secret)


def exchange_in(author: Author, operations: tuple[Operation, ...]) -> Exchange | None:
    """The public operation that takes a secret and whose it is, and no password.

    Else one that takes nothing but a key, and maybe scopes, and answers with a token.
    """
    alone = None
    for each in operations:
        words = {word for part in each.path.split("/")[-2:] for word in words_of(part)}
        if each.method != "POST" or not each.public or each.names or not each.speakable:
            continue
        if not words & TRADING:
            continue
        schema = author.simplify(dict(each.body))
        fields, must = as_object(schema.get("properties")), as_list(schema.get("required"))
        secrets = [name for name in fields if is_secret(name) and "refresh" not in words_of(name)]
        names = [name for name in fields if is_identity(name)]
        if len(names) == len(secrets) == 1 and {*must} <= {*names, *secrets, *grants(fields)}:
            return Exchange(operation=each, name=names[0], secret=secrets[0], fields=fields)
        others = [name for name in fields if name not in {*secrets, *grants(fields)}]
        plain = len(secrets) == 1 and KEY & {*words_of(secrets[0])} and {*others} <= SCOPES
        given = as_object(author.simplify(dict(each.replies)).get("properties"))
        if plain and alone is None and any(map(is_secret, given)):
            alone = Exchange(operation=each, name="", secret=secrets[0], fields=fields)
    return alone


def grants(fields: Mapping[str, Json]) -> list[str]:
    """The fields that say which kind of grant it is (`grant_type`)."""
    return [name for name in fields if "grant" in words_of(name)]


def is_secret(name: str) -> bool:
    """Is a field of this name a credential (`accessKey`, `client_secret`, `token`)?"""
    words = words_of(name)
    plain = words[:-1] if words[-1:] == ["data"] else words  # `privateKeyData`
    return bool(plain) and plain[-1] in SECRETS


def places_of_secrets(answer: Answer) -> dict[str, str]:
    """The credentials that an answer shows, each with where it stands."""
    found: dict[str, str] = {}
    for place, value in scalars(answer.json()):
        name = place.rpartition(".")[2].rstrip("[]")
        spaced = isinstance(value, str) and any(letter.isspace() for letter in value)
        if is_secret(name) and isinstance(value, str) and len(value) >= SHORTEST and not spaced:
            found.setdefault(value, place)
    # A cookie's value is what stands before its attributes (RFC 6265, section 5.2).
    cookie = answer.headers.get("set-cookie", "").partition(";")[0].partition("=")[2]
    if len(cookie) >= SHORTEST:
        found.setdefault(cookie, COOKIE)
    return dict(islice(found.items(), MOST_SECRETS))


def scoped_to(answer: Answer | None) -> set[str]:
    """The words of the scopes that an answer says a new credential has."""
    said = scalars(answer.json()) if answer is not None else ()
    named = (value for place, value in said if SCOPES & set(words_of(place.partition("[")[0])))
    return {word for value in named for word in words_of(str(value))}
