"""What does a service answer that its document does not mention?"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from gate.check import Answer, Client, Testbed
from gate.model import Json, Observation
from gate.testbed.proxy import Operations
from validators.document.operations import Operation
from validators.estates.estate import LEAST
from validators.estates.ground import Duel, Ground, stand
from validators.estates.things import values_of
from validators.messages.calls import Call, expand
from validators.messages.traces import EXCERPT, digest, find_marks, normalise

WORDS = (
    *("admin", "admin/users", "debug", "debug/vars", "debug/pprof/", "_debug", "internal"),
    *("private", "console", "config", "config.json", "env", ".env", ".git/config", "settings"),
    *("actuator", "actuator/env", "actuator/heapdump", "actuator/mappings", "metrics"),
    *("graphql", "graphiql", "server-status", "status", "info", "version", "trace", "dump"),
    *("backup", "backup.sql", "export", "all", "users", "accounts", "tenants", "organizations"),
    *("members", "keys", "tokens", "sessions", "logs", "audit", "jobs", "tasks", "queue"),
    *("routes", "sitemap.xml", "phpinfo.php", "test", "tests", "dev", "staging", "old", "beta"),
    *("me", "whoami", "health/details", "swagger.json", "api-docs", "openapi.json", "docs"),
)
# What is often kept below a part of the service that is nobody's but its makers'.
SECTIONS = ("admin", "debug", "internal", "private")
BELOW = ("config", "env", "environment", "routes", "users", "vars")
ACTIONS = ("all", "dump", "export")
HARMLESS = re.compile(
    r"/(.*/)?(docs|redoc|api-docs|swagger\.json|openapi\.json|sitemap\.xml|status|version|info)"
)
UNSAFE = ("PUT", "PATCH", "POST", "DELETE")
NO_METHOD = "FROBNICATE"
ABSENT = frozenset({0, 404, 405, 410, 501})
OTHER_VERSIONS = ("v0", "v1", "v2", "v3", "beta", "internal", "latest")
VERSION = re.compile(r"/v\d+(?=/)")
MOST_PATHS = 6
Shown = tuple[int, bool, str]


@dataclass(slots=True, kw_only=True)
class Search:
    """What a principal is answered where nothing is, by prefix and method."""

    ground: Ground
    client: Client
    known: Operations
    marks: Mapping[str, str] = field(repr=False)
    chance: Random
    blanks: dict[tuple[str, str], set[Shown]] = field(default_factory=dict)
    tried: Counter[str] = field(default_factory=Counter)

    def blank(self, method: str, prefix: str) -> set[Shown]:
        """How the service answers for paths that nobody can have made, below this prefix."""
        place = (method, prefix)
        if place not in self.blanks:
            paths = [f"{prefix}/{self.chance.getrandbits(64):016x}" for _ in range(2)]
            body: Json = None if method in {"GET", "DELETE", "TRACE"} else {}
            found = {
                self.show(self.client.request(method, path, body=body), path) for path in paths
            }
            self.blanks[place] = found
        return self.blanks[place]

    def show(self, answer: Answer, path: str) -> Shown:
        """What makes two answers one: status, whether it was granted, content without the path."""
        content = sorted(digest(answer, [path, *path.split("/")]).items())
        return answer.status, self.ground.envelope.accepts(answer), str(content)

    def is_there(self, method: str, path: str, answer: Answer) -> bool:
        """Is it answered otherwise than where nothing is?"""
        if answer.status in ABSENT or 300 <= answer.status < 400:  # noqa: PLR2004 - a redirection
            return False
        blank, shown = self.blank(method, prefix_of(path)), self.show(answer, path)
        if len(blank) > 1:
            # Each answer has other content: only what came of the request can be compared.
            return shown[:2] not in {each[:2] for each in blank}
        return shown not in blank

    def is_anything(self, path: str, answer: Answer) -> bool:
        """Is the like answered to any name in its place, as where all of a section is refused?"""
        head = path[: max(path.rfind("/"), path.rfind(":")) + 1]
        other = f"{head}{self.chance.getrandbits(64):016x}"
        return self.show(answer, path) == self.show(self.client.request("GET", other), other)

    def is_no_method(self, path: str, answer: Answer) -> bool:
        """Is it what this path answers to a method that there is nowhere?"""
        return self.show(answer, path) == self.show(self.client.request(NO_METHOD, path), path)

    def is_documented(self, method: str, path: str) -> bool:
        """Does the document know the path, perhaps as that of an object?"""
        return self.known.name(method, path) != f"{method} {path}" or any(
            each.path == path and each.method == method for each in self.ground.declared
        )

    def note(self, kind: str, subject: str, answer: Answer, path: str, **data: Json) -> Observation:
        """One answer that should not be there."""
        method = subject.partition(" ")[0]
        return self.fact(
            kind,
            subject,
            who=self.client.role,
            status=answer.status,
            granted=self.ground.envelope.accepts(answer),
            traces=find_marks(answer, self.marks, [path]),
            excerpt=normalise(answer.body, [path])[:EXCERPT],
            curl=self.client.curl(method, path),
            **data,
        )

    def fact(self, kind: str, subject: str, **data: Json) -> Observation:
        """One fact."""
        at = self.ground.testbed.clock()
        return Observation(kind=kind, subject=subject, at=at, data={**data})


def prefix_of(path: str) -> str:
    """What all paths of this part of the service begin with: `/v1`, `/api/v1`, or nothing."""
    found = re.match(r"((/api)?/v\d+|/api)(?=/)", path)
    return found.group() if found else ""


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Ask for what is not in the document, as a tenant's owner, and compare with what is nowhere.

    Well-known names at the root and below the document's prefixes; the document's collections in
    sections such as `/internal`, with actions such as `:export`, and below other versions; methods
    that a path does not declare, on objects made for it (never DELETE on a collection); TRACE; and
    other spellings of the paths of the tenant's own objects, as the other tenant and as nobody. An
    answer counts that is unlike those for random names in the same place.
    """
    ground = stand(testbed)
    yield from ground.facts
    if ground.vacuous:
        return
    duel, _ = ground.duels()
    search = Search(
        ground=ground,
        client=duel.victim.client,
        known=Operations.of(testbed.openapi()),
        marks=beyond_document(duel.marks, testbed.openapi()),
        chance=Random(testbed.seed),  # noqa: S311 - names that nobody has
    )
    yield from control(search, duel)
    prefixes = sorted({"", *(prefix_of(each.path) for each in ground.declared)})
    names = [f"{prefix}/{word}" for prefix in prefixes for word in WORDS]
    names += [path for each in ground.declared for path in other_versions(each)][: len(WORDS)]
    names += hidden(ground.declared, prefixes)
    yield from visit(search, names)
    yield from try_methods(search, duel)
    yield from trace(search, duel)
    yield from spell_otherwise(duel)
    yield search.fact("surveyed", "the service", names=len(names), **search.tried)


def beyond_document(marks: Mapping[str, str], document: Mapping[str, Json]) -> dict[str, str]:
    """The marks that the document itself, which anybody may have, does not hold as an example."""
    text = json.dumps(document, ensure_ascii=False)
    return {mark: what for mark, what in marks.items() if mark not in text}


def control(search: Search, duel: Duel) -> Iterator[Observation]:
    """Is a path that the document lists told apart from one that is nowhere?"""
    reads = [each for each in search.ground.operations if each.safe and each.speakable]
    for operation in sorted(reads, key=lambda each: (each.method != "GET", each.public)):
        values = next(duel.victim.ledger.fill(operation), None)
        if values is None:
            continue
        call = duel.victim.write(operation, values, recipe=LEAST)
        answer = duel.victim.send(call)
        if duel.victim.accepts(answer):
            there = search.is_there(operation.method, call.target, answer)
            yield search.fact("known", operation.label, positive=there)
            return


def other_versions(operation: Operation) -> list[str]:
    """A listing's path below other versions."""
    if operation.names or operation.method != "GET":
        return []
    return [
        VERSION.sub(f"/{each}", operation.path, count=1)
        for each in OTHER_VERSIONS
        if VERSION.search(operation.path)
    ]


def hidden(declared: Sequence[Operation], prefixes: Sequence[str]) -> list[str]:
    """The document's collections, and a few names, in places that documents leave out.

    An action behind a colon is asked for where the document writes any in this way.
    """
    lists = [each.path for each in declared if each.method == "GET" and not each.names]
    leaves = dict.fromkeys((*BELOW, *(path.rpartition("/")[2] for path in lists)))
    found = [
        f"{prefix}/{section}/{leaf}"
        for prefix in prefixes
        for section in SECTIONS
        for leaf in leaves
        if leaf
    ]
    marks = (":", "/") if any(":" in each.path for each in declared) else ("/",)
    found += [f"{path}{mark}{action}" for path in lists for mark in marks for action in ACTIONS]
    return found


def visit(search: Search, paths: Sequence[str]) -> Iterator[Observation]:
    """Each name that is answered though no document mentions it."""
    for path in dict.fromkeys(paths):
        if search.is_documented("GET", path):
            continue
        answer = search.client.request("GET", path)
        if search.is_there("GET", path, answer) and not search.is_anything(path, answer):
            harmless = HARMLESS.fullmatch(path) is not None
            yield search.note("route", f"GET {path}", answer, path, harmless=harmless)


def try_methods(search: Search, duel: Duel) -> Iterator[Observation]:
    """Methods that a path does not declare; the last ones may end the object that they are on."""
    declared = {(each.method, each.path) for each in search.ground.declared}
    for operation in [each for each in search.ground.operations if each.method == "GET"]:
        things = next(duel.victim.ledger.match(operation), None)
        made = duel.victim.renew(things[-1]) if things and things[-1].origin else None
        if things is None or (things and made is None):
            continue
        values = values_of(operation, (*things[:-1], made) if made else things)
        for method in UNSAFE if made else UNSAFE[:2]:
            if (method, operation.path) in declared:
                continue
            path = expand(operation.path, values)
            if search.is_documented(method, path):  # `/items/count` is an item's path as well
                continue
            search.tried["methods"] += 1
            body: Json = None if method == "DELETE" else {}
            answer = search.client.request(method, path, body=body)
            if search.is_there(method, path, answer) and not search.is_no_method(path, answer):
                yield search.note("method", f"{method} {operation.path}", answer, path)


def trace(search: Search, duel: Duel) -> Iterator[Observation]:
    """TRACE sends back what the caller has signed in with (RFC 9110, section 9.3.8)."""
    for operation in [each for each in search.ground.operations if not each.names][:1]:
        answer = search.client.request("TRACE", operation.path)
        echoed = any(each in answer.body for each in duel.victim.client.credentials.values())
        yield search.fact("trace", f"TRACE {operation.path}", status=answer.status, echoed=echoed)


def spell_otherwise(duel: Duel) -> Iterator[Observation]:
    """Other spellings of the paths of a tenant's objects, as those who must not see them."""
    for operation in [each for each in duel.ground.operations if is_read(each)][:MOST_PATHS]:
        values = next(duel.victim.ledger.fill(operation), None)
        if values is None:
            continue
        call = duel.victim.write(operation, values, recipe=LEAST)
        for who in (duel.attacker.client, duel.ground.nobody):
            plain = find_marks(who.request("GET", call.target), duel.marks, call.sent)
            if any(plain.values()):
                continue
            shown = []
            for name, target in spellings(call):
                answer = who.request("GET", target)
                if any(find_marks(answer, duel.marks, (*call.sent, target)).values()):
                    shown.append(name)
            yield duel.note("spelling", operation, who=who.role, shown=[*shown])


def is_read(operation: Operation) -> bool:
    """Does it show one object to those who have signed in?"""
    ours = operation.method == "GET" and operation.names and operation.speakable
    return bool(ours) and not operation.public


def spellings(call: Call) -> list[tuple[str, str]]:
    """The same path, as a proxy, a framework and a filter may each read it differently."""
    path, _, query = call.target.partition("?")
    head, _, last = path.rpartition("/")
    encoded = "".join(f"%{ord(letter):02x}" for letter in last[:1]) + last[1:]
    found = {
        "trailing slash": f"{path}/",
        "double slash": path.replace("/", "//", 1),
        "inner double slash": f"{head}//{last}",
        "dot segment": f"{head}/./{last}",
        "other case": head.swapcase() + f"/{last}",
        "encoded letter": f"{head}/{encoded}",
        "path parameter": f"{path};a=b",
        "extension": f"{path}.json",
    }
    return [(name, f"{each}?{query}" if query else each) for name, each in found.items()]
