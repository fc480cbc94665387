"""By which names does a service know a caller, and which account of an answer is his own?"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from gate.model import Json
from validators.document.names import ACCOUNT, words_of
from validators.document.operations import Object, as_object
from validators.document.schemes import scheme_headers

# What a login calls the name of an account, beside the names that an account has itself.
LOGIN_NAMES = frozenset({"user", "preferred_username"})
PARTS_OF_TOKEN = 3
SECRETS = frozenset({"key", "apikey", "token", "secret", "signature", "password", "authorization"})


@runtime_checkable
class Called(Protocol):
    """A principal of whom is known what he said of himself when he signed in."""

    @property
    def called(self) -> Mapping[str, str]:
        """His names, by the fields that they stood in."""


def names_of(client: object, credentials: Mapping[str, str]) -> dict[str, str]:
    """What the caller is called, by the field: `username`, `email`; from his login and token."""
    said: dict[str, Json] = dict(client.called) if isinstance(client, Called) else {}
    for credential in credentials.values():
        said = {**claims_of(credential.rpartition(" ")[2]), **said}
    found: dict[str, str] = {}
    for name, value in said.items():
        plain = "_".join(words_of(name))
        if not isinstance(value, str) or not value or plain not in ACCOUNT | LOGIN_NAMES:
            continue
        kind = "email" if "@" in value else "username" if plain in LOGIN_NAMES else name
        found.setdefault(kind, value)
    subject = said.get("sub")
    if not found and isinstance(subject, str) and subject.isalpha():
        found["username"] = subject
    return found


def context_of(credentials: Mapping[str, str], document: Object) -> dict[str, str]:
    """The headers that say for whom the caller asks, and prove nothing (`X-Account`).

    They are those that no security scheme of the document is about, where another one is, and
    that are not called a secret (`X-Api-Key`): a document may forget a scheme.
    """
    proofs = scheme_headers(document)
    found = {name: value for name, value in credentials.items() if name.lower() not in proofs}
    if len(found) == len(credentials):
        return {}
    return {name: value for name, value in found.items() if not SECRETS & {*words_of(name)}}


def claims_of(token: str) -> dict[str, Json]:
    """What a JSON web token says, unverified: the caller is told only what he is called."""
    parts = token.split(".")
    if len(parts) != PARTS_OF_TOKEN:
        return {}
    try:
        text = urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return dict(as_object(json.loads(text)))
    except (Error, ValueError):
        return {}


def is_self(fields: Mapping[str, Json], names: Mapping[str, str]) -> bool:
    """Is it the account of who is called so? No name that both know may differ."""
    shared = [str(fields[name]) == each for name, each in names.items() if name in fields]
    return bool(shared) and all(shared)
