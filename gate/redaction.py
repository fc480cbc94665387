"""Which forms can a secret take in a text, and what is written in its place?"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit

from gate.model import Json

REMOVED = "[redacted]"
SHORTEST_ENCODED = 6
DEEPEST_JSON = 5
# Neither goes beyond a quotation mark, so that JSON stays JSON when its text is masked.
URL_PASSWORD = re.compile(r'(?P<before>://[^\s/:@?#"]*:)[^\s/@?#"]+(?P<after>@)')
PRIVATE_KEY = re.compile(
    r'-----BEGIN (?P<kind>[A-Z ]*PRIVATE KEY)-----[^"]*?-----END (?P=kind)-----'
)
SECRET_NAME = re.compile(
    r"secret|passw|token|api.?key|private.?key|signing.?key|credential|authori[sz]ation|cookie"
    r"|signature",
    re.IGNORECASE,
)
NOT_THE_SECRET = re.compile(r"(id|_at|prefix|type|name|count|hint|scopes?)$", re.IGNORECASE)
MINTED = re.compile(r"[\x21-\x7e]{16,}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
PART = re.compile(
    r'(?P<head>\bname="(?P<name>[^"]*)"[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n)(?P<text>.*?)(?=\r\n--)',
    re.DOTALL,
)
PLACEHOLDER_ONLY = re.compile(r"(\w+ )?\$\w+")
Secrets = Mapping[str, str]


def redact(text: str, secrets: Secrets) -> str:
    """The text with each secret's placeholder in its place.

    Secrets are found as they are and in percent, JSON (also JSON within JSON), HTML, hexadecimal
    and base64 encoding, the last at any offset in a longer encoded text.
    """
    for form, placeholder in forms(tuple(secrets.items())):
        text = text.replace(form, placeholder)
    return text


def occurring(texts: Iterable[str], secrets: Secrets) -> Secrets:
    """The secrets that some text holds in any form: the others need not be looked for in each."""
    whole = "\0".join(texts)
    found = {placeholder for form, placeholder in forms(tuple(secrets.items())) if form in whole}
    return {secret: name for secret, name in secrets.items() if name in found}


@lru_cache(maxsize=256)
def forms(secrets: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Every written form with its placeholder, the longest first."""
    written = {form: placeholder for secret, placeholder in secrets for form in encodings(secret)}
    return tuple(sorted(written.items(), key=lambda item: -len(item[0])))


def encodings(secret: str) -> Iterator[str]:
    """The secret as text, and as other texts carry it; nothing for an empty secret."""
    if not secret:
        return
    yield secret
    yield from percent_encodings(secret)
    yield from json_encodings(secret)
    yield html.escape(secret)
    raw = secret.encode()
    if len(raw) >= SHORTEST_ENCODED:
        yield from (raw.hex(), raw.hex().upper())
        yield from base64_encodings(raw)


def json_encodings(secret: str) -> Iterator[str]:
    """In a string, in a string of JSON within a string, and so on; as ASCII or not (RFC 8259)."""
    for ascii_only in (True, False):
        text = secret
        for _ in range(DEEPEST_JSON):
            text = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
            yield text


def percent_encodings(secret: str) -> Iterator[str]:
    """In a path, in a form, with lower-case digits, and encoded twice (RFC 3986, section 2.1)."""
    for encoded in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        yield encoded
        yield re.sub(r"%[0-9A-F]{2}", lambda digits: digits[0].lower(), encoded)
        yield quote(encoded, safe="")


def base64_encodings(raw: bytes) -> Iterator[str]:
    """What every base64 text that holds these bytes has in common, per offset (RFC 4648)."""
    for offset in range(3):
        whole = base64.b64encode(bytes(offset) + raw).decode()
        start = (0, 2, 3)[offset]
        end = (offset + len(raw)) * 8 // 6
        if end - start >= SHORTEST_ENCODED:
            yield whole[start:end]
            yield whole[start:end].translate(str.maketrans("+/", "-_"))


def redact_log(text: str, secrets: Secrets) -> str:
    """A log's text without secrets, also where white space wraps them over lines.

    Passwords in URLs and private keys go too, whoever's they are.
    """
    text = clean(text, secrets)
    compact = "".join(text.split())
    for form, placeholder in forms(tuple(secrets.items())):
        letters = "".join(form.split())
        if letters in compact:
            text = re.sub(r"\s*".join(map(re.escape, letters)), escaped(placeholder), text)
    return text


def escaped(placeholder: str) -> str:
    """A replacement that `re.sub` takes as it is."""
    return placeholder.replace("\\", r"\\")


def mask(text: str) -> str:
    """The text without passwords in URLs and without private keys, known or not."""
    text = URL_PASSWORD.sub(rf"\g<before>{REMOVED}\g<after>", text)
    return PRIVATE_KEY.sub(REMOVED, text)


def clean(text: str, secrets: Secrets) -> str:
    """The text without known secrets, passwords in URLs and private keys; JSON stays JSON."""
    return mask(redact(text, secrets))


def header(name: str, value: str, secrets: Secrets) -> str:
    """A header's value to print: of one that may carry a credential only a known placeholder."""
    shown = clean(value, secrets)
    if SECRET_NAME.search(name) and not PLACEHOLDER_ONLY.fullmatch(shown):
        return REMOVED
    return shown


def url(text: str, secrets: Secrets) -> str:
    """A URL to print: parameters that are named like a secret lose their value."""
    parts = urlsplit(clean(text, secrets))
    return parts._replace(query=fields(parts.query)).geturl()


def fields(text: str) -> str:
    """A query or a form; unchanged where no parameter is named like a secret."""
    pairs = parse_qsl(text, keep_blank_values=True)
    if not any(is_secret(name) for name, _ in pairs):
        return text
    return urlencode([(name, REMOVED if is_secret(name) else value) for name, value in pairs])


def body(text: str, media_type: str, secrets: Secrets) -> str:
    """A body to print: members and parameters that are named like a secret lose their value."""
    shown = clean(text, secrets)
    if "urlencoded" in media_type:
        return fields(shown)
    if "multipart" in media_type:
        return PART.sub(emptied_part, shown)
    try:
        value = json.loads(shown)
    except ValueError:
        return shown
    emptied = members(value)
    return shown if emptied == value else json.dumps(emptied)


def emptied_part(part: re.Match[str]) -> str:
    """A part of a multipart form, without its text when it is named like a secret."""
    return part["head"] + (REMOVED if is_secret(part["name"]) else part["text"])


@lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Is a parameter or member with this name secret? The id of a key is not."""
    return bool(SECRET_NAME.search(name)) and not NOT_THE_SECRET.search(name)


def minted(text: str, cookies: Iterable[str], locations: Iterable[str] = ()) -> Iterator[str]:
    """Credentials that an answer hands out.

    Cookies' values, and what is long and named like a credential: members of the body, and
    parameters of where it sends the caller.
    """
    for location in locations:
        for name, value in parse_qsl(location.partition("?")[2]):
            if is_secret(name) and MINTED.fullmatch(value):
                yield value
    for cookie in cookies:
        value = cookie.partition(";")[0].partition("=")[2]
        if MINTED.fullmatch(value):
            yield value
    try:
        yield from handed_out(json.loads(text))
    except (ValueError, RecursionError):
        return


def handed_out(value: Json) -> Iterator[str]:
    """The long texts of members that are named like a secret, at any depth."""
    if isinstance(value, list):
        for each in value:
            yield from handed_out(each)
    if isinstance(value, dict):
        for name, each in value.items():
            if not isinstance(each, str):
                yield from handed_out(each)
            elif is_secret(name) and MINTED.fullmatch(each) and not UUID.fullmatch(each):
                yield each


def members(value: Json) -> Json:
    """JSON without the text of members that are named like a secret."""
    if isinstance(value, list):
        return [members(each) for each in value]
    if isinstance(value, dict):
        return {
            name: REMOVED if is_secret(name) and isinstance(each, str) and each else members(each)
            for name, each in value.items()
        }
    return value
