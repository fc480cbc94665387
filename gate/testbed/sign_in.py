"""How do the principals that a target file names get their credentials?"""

from __future__ import annotations

import json
import re
import secrets as randomness
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from gate import redaction
from gate.check import Answer, NoAnswerError
from gate.errors import SetupError, UsageError
from gate.forms import MULTIPART, URLENCODED, write_form
from gate.model import Json
from gate.testbed.client import Cast, HttpClient, placeholder
from gate.testbed.enrolment import (
    Document,
    asks,
    body_of,
    credential,
    login,
    operations,
    registration,
    value_for,
)
from gate.testbed.target_file import (
    SECRET_WORDS,
    VARIABLE,
    WrittenActor,
    WrittenLogin,
    WrittenRegister,
    WrittenTarget,
    WrittenToken,
    texts_in,
)
from gate.testbed.tokens import Found, extract, find

SHORTEST_SECRET = 8
WHOSE = re.compile(r"(?i)(^|-)(tenant|account|org|organi[sz]ation|workspace|company|team)(-?id)?$")
GOOD = range(200, 300)
NEWCOMERS = ("one", "two")
MAIL = "{name}@example.org"
MOST_READS = 3
TEMPLATES = ("Bearer {token}", "Token {token}", "{token}")
ENCODINGS = {"form": URLENCODED, "multipart": MULTIPART}


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where people sign in. `secrets` grows with each credential, with its placeholder.

    `told` are the answers that gave them.
    """

    base_url: str
    file: Path
    environment: Mapping[str, str] = field(repr=False)
    document: Document = field(default_factory=dict, repr=False)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    told: list[Answer] = field(default_factory=list, repr=False)

    def fill(self, text: str) -> str:
        """The text with the variables' values; UsageError for one that is missing or too short."""
        for name in VARIABLE.findall(text):
            self.secrets[secret_in(self.environment, name, self.file)] = f"${name}"
        return VARIABLE.sub(lambda found: self.environment[found[1]], text)

    def request(self, method: str, path: str, body: Json, encoding: str = "json") -> Answer:
        """One request of nobody's; SetupError when the target is silent."""
        sent = body if encoding == "json" else write_form(body, ENCODINGS[encoding])
        return self.ask(method, path, sent, {})

    def ask(self, method: str, path: str, body: Json, headers: Mapping[str, str]) -> Answer:
        """One request with these headers; SetupError when the target is silent."""
        with closing(HttpClient(base_url=self.base_url)) as nobody:
            try:
                return nobody.request(method, path, body=body, headers=headers)
            except NoAnswerError as error:
                raise SetupError(f"{self.base_url} does not answer ({error}).") from error

    def token(self, written: WrittenToken, answer: Answer, what: str) -> dict[str, str]:
        """The headers that an answer's token makes; SetupError names what was asked."""
        if answer.status not in GOOD:
            raise SetupError(f"{what} answered {answer.status}: {answer.body[:200]}")
        self.told.append(answer)
        found = find(answer) if written.token is None else Found(extract(written.token, answer))
        if not found or not found.value or not found.value.isprintable():
            place = "that was found" if written.token is None else f"at {written.token}"
            raise SetupError(f"{what} answered without a token {place}: {shape_of(answer)}")
        return self.headers(written, found)

    def headers(self, written: WrittenToken, found: Found) -> dict[str, str]:
        """The credential as the file says, else the first way of the usual ones that lets in."""
        name, template = credential(self.document)
        send = written.send or found.send or name
        usual = (found.template, template if send == name else "", *TEMPLATES)
        ways = [
            {send: way.replace("{token}", found.value)}
            for way in ([written.template] if written.template else filter(None, usual))
        ]
        if len(ways) == 1 or found.template:
            return ways[0]
        return next((way for way in ways if self.lets_in(way)), ways[0])

    def lets_in(self, headers: Mapping[str, str]) -> bool:
        """Is a read granted that asks for a credential?"""
        reads = [
            path
            for method, path, declared in operations(self.document)
            if method == "GET" and "{" not in path and asks(self.document, declared)
        ]
        answers = (self.ask("GET", path, None, headers) for path in reads[:MOST_READS])
        return not reads or any(answer.status not in {401, 403} for answer in answers)


def cast_of(
    written: WrittenTarget, environment: Mapping[str, str], file: Path, document: Document
) -> tuple[Cast, dict[str, str]]:
    """All principals, and their secrets with placeholders.

    UsageError for a missing variable, SetupError when the target lets somebody not in.
    """
    door = Door(
        base_url=written.base_url.rstrip("/"),
        file=file,
        environment=environment,
        document=document,
    )
    seats = {(actor.tenant, actor.role): sign_in(door, actor) for actor in written.actors}
    called = {(actor.tenant, actor.role): names_of(door, actor) for actor in written.actors}
    newly = written.register_tenants
    if newly is None and not written.actors:
        newly = registering(document, file)
    if newly is not None:
        for name in NEWCOMERS:
            seats[name, "owner"], called[name, "owner"] = register(door, newly, name)
    clients = {("", "anonymous"): HttpClient(base_url=door.base_url)}
    for (tenant, role), headers in seats.items():
        hide(door, headers, placeholder(tenant, role))
        clients[tenant, role] = HttpClient(
            base_url=door.base_url,
            tenant=tenant,
            role=role,
            credentials=headers,
            secrets=door.secrets,
            called=called[tenant, role],
        )
    cast = Cast(clients)
    prepare(written, cast)
    return cast, door.secrets


def check_variables(written: WrittenTarget, environment: Mapping[str, str], file: Path) -> None:
    """UsageError for a variable that is missing or too short, before anything is asked."""
    for actor in written.actors:
        body = {} if actor.login is None else actor.login.body
        for text in (*actor.headers.values(), *(text for _, text in texts_in(body))):
            for name in VARIABLE.findall(text):
                secret_in(environment, name, file)


def registering(document: Document, file: Path) -> WrittenRegister:
    """How two tenants register by themselves, as the document shows it; UsageError when not."""
    made = newcomers(document)
    if made is None:
        raise UsageError(
            f"{file} names nobody who may sign in (actors, wfc or register), and the document "
            "shows no operation by which anybody can register with a password."
        )
    return made


def newcomers(document: Document) -> WrittenRegister | None:
    """The registration that the document shows, with the login that follows it."""
    post, then = registration(document), login(document)
    if post is None:
        return None

    def fill(name: str, schema: Json) -> Json:
        return value_for(name, schema, "{name}", "{password}")

    return WrittenRegister(
        path=post.path,
        encoding=post.encoding,
        body=body_of(document, post.schema, fill),
        login_path=None if then is None else then.path,
        login_encoding="json" if then is None else then.encoding,
        login_body={} if then is None else body_of(document, then.schema, fill),
    )


def shape_of(answer: Answer) -> str:
    """What an answer holds, without the values, which may be secret."""
    value = answer.json()
    if isinstance(value, dict):
        return f"its members are {', '.join(value) or 'none'}."
    return "it is no JSON object."


def hide(door: Door, headers: Mapping[str, str], name: str) -> None:
    """Keep a credential out of everything printed, whether or not a variable held it.

    A header that says for whom somebody asks (`X-Account`) is none.
    """
    for name_of, value in headers.items():
        if WHOSE.search(name_of) and not redaction.SECRET_NAME.search(name_of):
            continue
        secret = value.partition("=")[2] if name_of == "Cookie" else value.rpartition(" ")[2]
        known = any(each in secret for each in door.secrets)
        if len(secret) >= SHORTEST_SECRET and not known:
            door.secrets[secret] = name


def sign_in(door: Door, actor: WrittenActor) -> dict[str, str]:
    """The headers of one principal."""
    headers = {name: door.fill(value) for name, value in actor.headers.items()}
    if actor.login is None:
        return headers
    for name, value in texts_in(actor.login.body):
        if SECRET_WORDS.search(name) and is_plain(value):
            door.secrets[value] = f"$PASSWORD_{placeholder(actor.tenant, actor.role)[7:]}"
    return headers | log_in(door, actor.login)


def names_of(door: Door, actor: WrittenActor) -> dict[str, str]:
    """What somebody says of himself when he signs in."""
    return {} if actor.login is None else open_in(filled(actor.login.body, door))


def open_in(body: Json) -> dict[str, str]:
    """What is no secret of the body of a login or registration, by name."""
    return {name: text for name, text in texts_in(body) if not SECRET_WORDS.search(name)}


def is_plain(value: str) -> bool:
    """Is it a secret as plain text, as WFC files hold it, and long enough to be hidden?"""
    # Shorter ones would blot out words of the report.
    return not VARIABLE.search(value) and len(value) >= SHORTEST_SECRET


def log_in(door: Door, written: WrittenLogin) -> dict[str, str]:
    """The headers that a login request earns."""
    body = filled(written.body, door)
    answer = door.request(written.method, written.path, body, written.encoding)
    return door.token(written, answer, f"{written.method} {written.path}")


def register(
    door: Door, written: WrittenRegister, name: str
) -> tuple[dict[str, str], dict[str, str]]:
    """The headers of a new tenant, which is made for this run, and what it is called."""
    word = f"{name}{randomness.token_hex(4)}"
    password = f"Aa1!{randomness.token_urlsafe(9)}"
    door.secrets[password] = f"${{PASSWORD_{name.upper()}}}"
    body = newly(written.body, word, password)
    answer = door.request(written.method, written.path, body, written.encoding)
    what = f"{written.method} {written.path}"
    if written.login_path is None:
        return door.token(written, answer, what), open_in(body)
    if answer.status not in GOOD:
        raise SetupError(f"{what} answered {answer.status}: {answer.body[:200]}")
    for known in ways_in(written.login_body):
        said = newly(known, word, password)
        again = door.request("POST", written.login_path, said, written.login_encoding)
        if again.status in GOOD:
            break
    return door.token(written, again, f"POST {written.login_path}"), open_in(body)


def ways_in(body: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    """The body of a login, and the same with the e-mail address for the name, or the name for it.

    A field that is called `username` takes either, and no schema says which.
    """
    text = json.dumps(body)
    if MAIL in text:
        return [body, json.loads(text.replace(MAIL, "{name}"))]
    return [body, json.loads(text.replace('"{name}"', f'"{MAIL}"'))]


def newly(body: Mapping[str, Json], name: str, password: str) -> Json:
    """The body of a new tenant."""
    text = json.dumps(body).replace("{name}", name).replace("{password}", password)
    made: Json = json.loads(text)
    return made


def filled(value: Json, door: Door) -> Json:
    """The value with the variables of all its texts."""
    if isinstance(value, dict):
        return {name: filled(each, door) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, door) for each in value]
    return door.fill(value) if isinstance(value, str) else value


def prepare(written: WrittenTarget, cast: Cast) -> None:
    """Send the set-up requests; SetupError when one is refused."""
    for each in written.setup:
        answer = cast.actor(each.tenant, each.role).request(each.method, each.path, body=each.body)
        if answer.status not in GOOD:
            raise SetupError(f"{each.method} {each.path} answered {answer.status}.")


def secret_in(environment: Mapping[str, str], name: str, file: Path) -> str:
    """The variable's value; UsageError when it is missing or too short to be kept secret."""
    value = environment.get(name, "")
    if not value:
        raise UsageError(f"{file} refers to the variable {name}, which is not set.")
    if len(value) < SHORTEST_SECRET or not value.isprintable():
        raise UsageError(
            f"The variable {name} of {file} needs {SHORTEST_SECRET} printable characters or more."
        )
    return value
