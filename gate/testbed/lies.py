"""What does a lying service answer, and what does it do behind its callers' backs?

Each lie is a function from one exchange to another answer, or None where the truth gives no
occasion for it. A lie needs no access to the target's source: it is told with the credentials that
the testbed has anyway.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from gate.check import Lie
from gate.model import Json

GOOD = range(200, 300)
REFUSED = (403, 404)
EVERY = 3  # of the occasions for a lie that must leave the service usable
LATE = 0.5  # seconds: beyond any limit of an interactive API, and yet no pile-up
PROTECTING = ("cache-control", "content-security-policy", "cross-origin-", "permissions-policy",
              "referrer-policy", "strict-transport-security", "x-")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def good(self) -> bool:
        """Was the request carried out?"""
        return self.status in GOOD

    def json(self) -> Json:
        """The body as JSON, or None."""
        try:
            value: Json = json.loads(self.body)
        except ValueError:
            return None
        return value

    def saying(self, value: Json) -> Reply:
        """The same answer with another JSON body."""
        return replace(self, body=json.dumps(value).encode())


class Exchange(Protocol):
    """One request on its way through the proxy."""

    @property
    def operation(self) -> str:
        """The documented operation, `GET /v1/runs/{run_id}`."""

    @property
    def tenant(self) -> str | None:
        """Whose credential it carries; "" for nobody's, None for one that is not known."""

    @property
    def role(self) -> str:
        """The role that the credential gives."""

    def forward(self) -> Reply:
        """What the target answers."""

    def forward_as(self, tenant: str) -> Reply:
        """What the target answers to the owner of a tenant. It is carried out."""

    def others(self) -> Iterator[str]:
        """Every other tenant."""


@dataclass(slots=True)
class Memory:
    """What good answers were given before, and how often a lie had occasion."""

    answers: dict[tuple[str, str], Reply] = field(default_factory=dict)
    occasions: dict[str, int] = field(default_factory=dict)

    def keep(self, exchange: Exchange, reply: Reply) -> None:
        """Remember a good answer to a tenant."""
        if exchange.tenant and reply.good:
            self.answers[exchange.operation, exchange.tenant] = reply

    def now(self, operation: str) -> bool:
        """Is it this occasion's turn? The first, and then every third."""
        count = self.occasions[operation] = self.occasions.get(operation, 0) + 1
        return count % EVERY == 1


Tell = Callable[[Exchange, Reply, Memory], Reply | None]


def as_owner(exchange: Exchange, reply: Reply) -> Reply | None:
    """What another tenant's owner is answered, where this tenant is refused."""
    if not exchange.tenant or reply.status not in REFUSED or "{" not in exchange.operation:
        return None
    found = (exchange.forward_as(tenant) for tenant in exchange.others())
    return next((each for each in found if each.good), None)


def tell_read(exchange: Exchange, reply: Reply, _: Memory) -> Reply | None:
    """Show another tenant's object."""
    return as_owner(exchange, reply) if exchange.operation.startswith("GET ") else None


def tell_write(exchange: Exchange, reply: Reply, _: Memory) -> Reply | None:
    """Change another tenant's object."""
    return None if exchange.operation.startswith("GET ") else as_owner(exchange, reply)


def tell_list(exchange: Exchange, reply: Reply, memory: Memory) -> Reply | None:
    """Mix in the items that another tenant was shown before."""
    own = reply.json()
    if not exchange.tenant or not reply.good or not exchange.operation.startswith("GET "):
        return None
    for tenant in exchange.others():
        before = memory.answers.get((exchange.operation, tenant))
        mixed = mix(own, before.json()) if before else None
        if mixed is not None:
            return reply.saying(mixed)
    return None


def mix(own: Json, foreign: Json) -> Json:
    """Both lists in one, in the place where the answer has its list; None where there is none."""
    if isinstance(own, list) and isinstance(foreign, list):
        return own + new if (new := beside(own, foreign)) else None
    if not isinstance(own, dict) or not isinstance(foreign, dict):
        return None
    for name, value in own.items():
        other = foreign.get(name)
        if isinstance(value, list) and isinstance(other, list) and (new := beside(value, other)):
            return {**own, name: value + new}
    return None


def beside(own: list[Json], foreign: list[Json]) -> list[Json]:
    """The foreign items that are not one's own anyway."""
    return [each for each in foreign if each not in own]


def tell_error(exchange: Exchange, reply: Reply, _: Memory) -> Reply | None:
    """Explain a refusal with what the owner would have read."""
    shown = tell_read(exchange, reply, _)
    said = reply.json()
    if shown is None or not isinstance(said, dict):
        return None
    return reply.saying({**said, "detail": shown.body.decode(errors="replace")})


def tell_existence(exchange: Exchange, reply: Reply, _: Memory) -> Reply | None:
    """Refuse in another way what exists."""
    return replace(reply, status=403) if tell_read(exchange, reply, _) else None


def tell_anonymous(exchange: Exchange, reply: Reply, _: Memory) -> Reply | None:
    """Ask for no credential."""
    if exchange.tenant != "" or reply.status not in {401, 403}:
        return None
    found = (exchange.forward_as(tenant) for tenant in exchange.others())
    return next((each for each in found if each.good), None)


def tell_role(exchange: Exchange, reply: Reply, _: Memory) -> Reply | None:
    """Ask for no permission."""
    if not exchange.tenant or exchange.role == "owner" or reply.status != REFUSED[0]:
        return None
    shown = exchange.forward_as(exchange.tenant)
    return shown if shown.good else None


def tell_header(_: Exchange, reply: Reply, __: Memory) -> Reply | None:
    """Drop the protecting headers."""
    kept = {name: value for name, value in reply.headers.items() if not name.startswith(PROTECTING)}
    return replace(reply, headers=kept) if len(kept) < len(reply.headers) else None


def tell_field(_: Exchange, reply: Reply, __: Memory) -> Reply | None:
    """Leave a field out."""
    said = reply.json()
    if not reply.good or not isinstance(said, dict) or not said:
        return None
    return reply.saying({name: said[name] for name in list(said)[1:]})


def tell_crash(exchange: Exchange, reply: Reply, memory: Memory) -> Reply | None:
    """Fail at something that was done."""
    if not reply.good or not memory.now(exchange.operation):
        return None
    return Reply(status=500, headers={"content-type": "text/plain"}, body=b"Traceback")


def tell_slow(_: Exchange, reply: Reply, __: Memory) -> Reply | None:
    """Take one's time."""
    time.sleep(LATE)
    return reply


TELLS: Mapping[Lie, Tell] = {
    Lie.READ: tell_read,
    Lie.WRITE: tell_write,
    Lie.LIST: tell_list,
    Lie.ERROR: tell_error,
    Lie.EXISTENCE: tell_existence,
    Lie.ANONYMOUS: tell_anonymous,
    Lie.ROLE: tell_role,
    Lie.HEADER: tell_header,
    Lie.FIELD: tell_field,
    Lie.CRASH: tell_crash,
    Lie.SLOW: tell_slow,
}


def swallow(exchange: Exchange, memory: Memory) -> Reply | None:
    """An acknowledgement without the act: what the same operation answered before."""
    before = memory.answers.get((exchange.operation, exchange.tenant or ""))
    if before is None or exchange.operation.startswith("GET "):
        return None
    return before if memory.now(exchange.operation) else None


def answer(lie: Lie, exchange: Exchange, memory: Memory) -> tuple[Reply, bool]:
    """What the caller is told, and whether that is a lie."""
    if lie is Lie.SWALLOW and (made_up := swallow(exchange, memory)):
        return made_up, True
    reply = exchange.forward()
    told = TELLS[lie](exchange, reply, memory) if lie in TELLS else None
    memory.keep(exchange, reply)
    return told or reply, told is not None
