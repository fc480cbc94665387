"""How do the principals that a target file names get their credentials?"""

from __future__ import annotations

import json
import secrets as randomness
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from gate.check import Answer, NoAnswerError
from gate.errors import SetupError, UsageError
from gate.model import Json
from gate.testbed.client import Cast, HttpClient, placeholder
from gate.testbed.target_file import (
    SECRET_WORDS,
    VARIABLE,
    WrittenActor,
    WrittenLogin,
    WrittenRegister,
    WrittenTarget,
    WrittenToken,
)

SHORTEST_SECRET = 8
GOOD = range(200, 300)
NEWCOMERS = ("one", "two")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where people sign in. `secrets` grows with each credential, with its placeholder."""

    base_url: str
    file: Path
    environment: Mapping[str, str] = field(repr=False)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)

    def fill(self, text: str) -> str:
        """The text with the variables' values; UsageError for one that is missing or too short."""
        for name in VARIABLE.findall(text):
            self.secrets[secret_in(self.environment, name, self.file)] = f"${name}"
        return VARIABLE.sub(lambda found: self.environment[found[1]], text)

    def request(self, method: str, path: str, body: Json) -> Answer:
        """One request of nobody's; SetupError when the target is silent."""
        with closing(HttpClient(base_url=self.base_url)) as nobody:
            try:
                return nobody.request(method, path, body=body)
            except NoAnswerError as error:
                raise SetupError(f"{self.base_url} does not answer ({error}).") from error

    def token(self, written: WrittenToken, answer: Answer, what: str) -> dict[str, str]:
        """The headers that an answer's token makes; SetupError names what was asked."""
        if answer.status not in GOOD:
            raise SetupError(f"{what} answered {answer.status}: {answer.body[:200]}")
        found = extract(written.token, answer)
        if not found or not found.isprintable():
            raise SetupError(f"{what} answered without a token at {written.token}.")
        return {written.send: written.template.replace("{token}", found)}


def cast_of(
    written: WrittenTarget, environment: Mapping[str, str], file: Path
) -> tuple[Cast, dict[str, str]]:
    """All principals, and their secrets with placeholders.

    UsageError for a missing variable, SetupError when the target lets somebody not in.
    """
    door = Door(base_url=written.base_url.rstrip("/"), file=file, environment=environment)
    seats = {(actor.tenant, actor.role): sign_in(door, actor) for actor in written.actors}
    if written.register_tenants is not None:
        for name in NEWCOMERS:
            seats[name, "owner"] = register(door, written.register_tenants, name)
    clients = {("", "anonymous"): HttpClient(base_url=door.base_url)}
    for (tenant, role), headers in seats.items():
        hide(door, headers, placeholder(tenant, role))
        clients[tenant, role] = HttpClient(
            base_url=door.base_url,
            tenant=tenant,
            role=role,
            credentials=headers,
            secrets=door.secrets,
        )
    cast = Cast(clients)
    prepare(written, cast)
    return cast, door.secrets


def hide(door: Door, headers: Mapping[str, str], name: str) -> None:
    """Keep a credential out of everything printed, whether or not a variable held it."""
    for value in headers.values():
        secret = value.rpartition(" ")[2]
        known = any(each in secret for each in door.secrets)
        if len(secret) >= SHORTEST_SECRET and not known:
            door.secrets[secret] = name


def sign_in(door: Door, actor: WrittenActor) -> dict[str, str]:
    """The headers of one principal."""
    headers = {name: door.fill(value) for name, value in actor.headers.items()}
    if actor.login is None:
        return headers
    for name, value in actor.login.body.items():
        if SECRET_WORDS.search(name) and is_plain(value):
            door.secrets[str(value)] = f"$PASSWORD_{placeholder(actor.tenant, actor.role)[7:]}"
    return headers | log_in(door, actor.login)


def is_plain(value: Json) -> bool:
    """Is it a secret as plain text, as WFC files hold it, and long enough to be hidden?"""
    return (
        isinstance(value, str)
        and not VARIABLE.search(value)
        and len(value) >= SHORTEST_SECRET  # shorter ones would blot out words of the report
    )


def log_in(door: Door, login: WrittenLogin) -> dict[str, str]:
    """The headers that a login request earns."""
    body = filled(login.body, door)
    what = f"{login.method} {login.path}"
    return door.token(login, door.request(login.method, login.path, body), what)


def register(door: Door, written: WrittenRegister, name: str) -> dict[str, str]:
    """The headers of a new tenant, which is made for this run."""
    word = f"{name}{randomness.token_hex(4)}"
    password = f"Aa1!{randomness.token_urlsafe(18)}"
    door.secrets[password] = f"${{PASSWORD_{name.upper()}}}"
    answer = door.request(written.method, written.path, newly(written.body, word, password))
    what = f"{written.method} {written.path}"
    if written.login_path is None:
        return door.token(written, answer, what)
    if answer.status not in GOOD:
        raise SetupError(f"{what} answered {answer.status}: {answer.body[:200]}")
    body = newly(written.login_body, word, password)
    again = door.request("POST", written.login_path, body)
    return door.token(written, again, f"POST {written.login_path}")


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


def extract(where: str, answer: Answer) -> str:
    """The token at `data.access_token`, `items.0.token` or `header:X-Token`; "" when not there."""
    if where.startswith("header:"):
        return answer.headers.get(where.removeprefix("header:").lower(), "")
    value = answer.json()
    for part in where.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return ""
    return value if isinstance(value, str) else ""


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
