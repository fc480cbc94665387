"""What may a target file say? Strict: every mistake is one sentence with the file and the key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)

from gate.errors import UsageError
from gate.testbed.hints import Hints

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
SECRET_WORDS = re.compile(r"(?i)(password|passwd|secret|token|api_?key)$")
Text = Annotated[str, Field(min_length=1)]
LocalPath = Annotated[str, Field(pattern=r"^/\S*$")]
Web = Annotated[str, Field(pattern=r"^https?://[^/\s?#@]+(/[^\s?#]*)?$")]
Encoding = Literal["json", "form", "multipart"]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Label = Annotated[str, Field(pattern=r"^(GET|POST|PUT|PATCH|DELETE|\*) /\S*$")]


class Written(BaseModel):
    """A part of the file: strict and complete."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class WrittenToken(Written):
    """Where an answer gives the credential, and in which header it is sent.

    `token` is the way through a JSON answer (`data.access_token`), `header:Name` or `cookie:name`.
    What is left out is looked for in the answer, and in what the document says of credentials.
    """

    token: Text | None = None
    send: Text | None = None
    template: Annotated[str, Field(pattern=r"\{token\}")] | None = None


class WrittenLogin(WrittenToken):
    """The request that signs somebody in; `${NAME}` in its body stands for a variable."""

    path: LocalPath
    method: Method = "POST"
    encoding: Encoding = "json"
    body: dict[str, JsonValue] = Field(default_factory=dict)

    @field_validator("body")
    @classmethod
    def refer(cls, body: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """A password never stands in the file itself."""
        for name, value in texts_in(body):
            if SECRET_WORDS.search(name) and not VARIABLE.search(value):
                raise ValueError(f"{name} must refer to a variable, such as ${{PASSWORD}}")
        return body


class WrittenActor(Written):
    """Somebody who may sign in: with headers, or by a login request."""

    tenant: Text
    role: Text = "owner"
    headers: dict[str, Text] = Field(default_factory=dict)
    login: WrittenLogin | None = None

    @field_validator("headers")
    @classmethod
    def refer(cls, headers: dict[str, str]) -> dict[str, str]:
        """A credential never stands in the file itself."""
        for name, value in headers.items():
            if name.lower() in SECRET_HEADERS and not VARIABLE.search(value):
                raise ValueError(f"{name} must refer to a variable, such as ${{TOKEN}}")
        return headers

    @model_validator(mode="after")
    def one_way_in(self) -> Self:
        """An actor without a credential would be nobody."""
        if not self.headers and self.login is None:
            raise ValueError("headers or login is needed")
        return self


class WrittenRegister(WrittenToken):
    """The request that makes a new tenant; two are made, with new names and passwords.

    In the body `{name}` stands for a new name and `{password}` for a new password. The credential
    is in the answer, or a login follows with `login_path` and `login_body`.
    """

    path: LocalPath
    method: Method = "POST"
    encoding: Encoding = "json"
    body: dict[str, JsonValue]
    login_path: LocalPath | None = None
    login_encoding: Encoding = "json"
    login_body: dict[str, JsonValue] = Field(default_factory=dict)


class WrittenSetup(Written):
    """A request that is sent before anything else, by one of the actors."""

    tenant: Text
    role: Text = "owner"
    method: Method = "POST"
    path: LocalPath
    body: JsonValue = None


class WrittenHints(Written):
    """What nobody could guess."""

    public: list[Label] = Field(default_factory=list)
    shared: list[Label] = Field(default_factory=list)
    leave_out: list[Label] = Field(default_factory=list)
    roles: list[Text] = Field(default_factory=list)
    values: dict[str, JsonValue] = Field(default_factory=dict)
    throw_away: bool = False

    @property
    def said(self) -> Hints:
        """The same, as checks read it."""
        return Hints(
            public=tuple(self.public),
            shared=tuple(self.shared),
            leave_out=tuple(self.leave_out),
            roles=tuple(self.roles),
            values=self.values,
            throw_away=self.throw_away,
        )


class WrittenTarget(Written):
    """The whole file."""

    name: Text
    base_url: Web
    revision: Text = "unknown"
    openapi: Text = "/openapi.json"
    actors: list[WrittenActor] = Field(default_factory=list)
    wfc: Text | None = None
    register_tenants: WrittenRegister | None = Field(default=None, alias="register")
    setup: list[WrittenSetup] = Field(default_factory=list)
    hints: WrittenHints = Field(default_factory=WrittenHints)

    @model_validator(mode="after")
    def two_owners(self) -> Self:
        """Isolation needs two tenants, and every check may ask for a tenant's owner."""
        if self.register_tenants is not None or self.wfc is not None or not self.actors:
            return self  # with none of them the document must show how to register
        seats = [(actor.tenant, actor.role) for actor in self.actors]
        if len(seats) != len(set(seats)):
            raise ValueError("a role of a tenant is given twice")
        tenants = {tenant for tenant, _ in seats}
        if len(tenants) < 2:  # noqa: PLR2004 - one tenant and its neighbour
            raise ValueError("at least two tenants are needed")
        if missing := sorted(tenant for tenant in tenants if (tenant, "owner") not in seats):
            raise ValueError(f"tenant {missing[0]} has no actor with role owner")
        return self


def texts_in(value: JsonValue, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a body, with the name that it stands under."""
    if isinstance(value, dict):
        for inner, each in value.items():
            yield from texts_in(each, inner)
    elif isinstance(value, list):
        for each in value:
            yield from texts_in(each, name)
    elif value is not None and not isinstance(value, bool):
        yield name, str(value)


def read_target(file: Path) -> WrittenTarget:
    """The file's content; UsageError names the file, the key and the first mistake."""
    try:
        written = WrittenTarget.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise UsageError(f"{file} is wrong at {first_mistake(error)}.") from None
    except ValueError as error:
        raise UsageError(f"{file} is not TOML: {error}.") from error
    if written.wfc is None:
        return written
    actors = read_wfc(file.parent / written.wfc)
    return written.model_copy(update={"actors": [*written.actors, *actors]})


def first_mistake(error: ValidationError) -> str:
    """The key and what is wrong there."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the whole"
    return f"{where}: {first['msg']}"


class WfcHeader(BaseModel):
    """A header of a WFC file."""

    name: str
    value: str


class WfcToken(BaseModel):
    """How a WFC file says where the token is."""

    extractFrom: Literal["body", "header"] = "body"  # noqa: N815 - the format's own names
    extractSelector: str  # noqa: N815
    sendIn: Literal["header"] = "header"  # noqa: N815
    sendName: str  # noqa: N815
    sendTemplate: str = "{token}"  # noqa: N815


class WfcUser(BaseModel):
    """A user name and password with the names of their fields."""

    username: str
    password: str
    usernameField: str  # noqa: N815
    passwordField: str  # noqa: N815


class WfcLogin(BaseModel):
    """A login request of a WFC file."""

    endpoint: str
    verb: Method = "POST"
    payloadRaw: str = ""  # noqa: N815
    payloadUserPwd: WfcUser | None = None  # noqa: N815
    token: WfcToken

    @property
    def body(self) -> dict[str, JsonValue]:
        """What is sent."""
        user = self.payloadUserPwd
        if user is not None:
            return {user.usernameField: user.username, user.passwordField: user.password}
        loaded = yaml.safe_load(self.payloadRaw)
        return loaded if isinstance(loaded, dict) else {}


class WfcUserEntry(BaseModel):
    """One user of a WFC file: a tenant of his own."""

    name: str
    fixedHeaders: list[WfcHeader] = Field(default_factory=list)  # noqa: N815
    loginEndpointAuth: WfcLogin | None = None  # noqa: N815


class WfcFile(BaseModel):
    """A file of the Web Fuzzing Commons, as Schemathesis and EvoMaster read it."""

    auth: Annotated[list[WfcUserEntry], Field(min_length=2)]
    authTemplate: dict[str, JsonValue] = Field(default_factory=dict)  # noqa: N815


def read_wfc(file: Path) -> list[WrittenActor]:
    """The users of a WFC file, each as the owner of a tenant of his name.

    That format holds passwords as plain text, so they are taken from it as they are.
    """
    try:
        loaded = yaml.safe_load(file.read_text(encoding="utf-8"))
        template = loaded.get("authTemplate", {}) if isinstance(loaded, dict) else {}
        if isinstance(loaded, dict) and isinstance(loaded.get("auth"), list):
            loaded = {**loaded, "auth": [merged(template, each) for each in loaded["auth"]]}
        written = WfcFile.model_validate(loaded)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error
    except yaml.YAMLError:
        raise UsageError(f"{file} is not YAML.") from None
    except ValidationError as error:
        raise UsageError(f"{file} is wrong at {first_mistake(error)}.") from None
    return [as_actor(each) for each in written.auth]


def merged(template: JsonValue, own: JsonValue) -> JsonValue:
    """The entry with what the template adds, at every depth."""
    if not isinstance(template, dict) or not isinstance(own, dict):
        return own
    names = template.keys() | own.keys()
    return {
        name: merged(template.get(name), own[name]) if name in own else template[name]
        for name in sorted(names)
    }


def as_actor(entry: WfcUserEntry) -> WrittenActor:
    """The user as our own file would say it; nothing is checked for being a variable."""
    headers = {each.name: each.value for each in entry.fixedHeaders}
    login = entry.loginEndpointAuth
    return WrittenActor.model_construct(
        tenant=entry.name,
        role="owner",
        headers=headers,
        login=None if login is None else as_login(login),
    )


def as_login(login: WfcLogin) -> WrittenLogin:
    """The login request as our own file would say it."""
    token = login.token
    pointer = token.extractSelector.strip("/").replace("/", ".")
    return WrittenLogin.model_construct(
        path=login.endpoint,
        method=login.verb,
        body=login.body,
        token=pointer if token.extractFrom == "body" else f"header:{token.extractSelector}",
        send=token.sendName,
        template=token.sendTemplate,
    )
