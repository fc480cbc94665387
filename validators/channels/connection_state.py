"""Does the next request find anything of the last one on the connection that both use?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gate.check import Check, Control
from gate.model import Doubt, Finding, Json, Observation, Severity
from validators.behind.traffic import accuse
from validators.database.connection_probe import probe
from validators.estates.ground import judge_ground
from validators.judging import Rule, texts

ID = "isolation.connection-state"
REPEAT = "maestro gate isolation.connection-state: a relay asks on the service's own connection"
SCOPE = Rule(
    check=ID,
    rule="scope-left",
    title="A connection goes back to the pool with a tenant's scope",
    severity=Severity.HIGH,
    remedy="Set the scope with set_config(…, true) or SET LOCAL, never for the session.",
    cwe=488,
    owasp_api="API1:2023",
    asvs="V8.4.1",
)
OPEN = replace(
    SCOPE,
    rule="transaction-left",
    title="A connection goes back to the pool with an open transaction",
    remedy="Roll back in every case before a connection is given back.",
)
ROLE = replace(
    SCOPE,
    rule="role-left",
    title="A connection goes back to the pool with another role or search path",
    remedy="Use SET LOCAL for role and search path.",
)
STATE = replace(
    SCOPE,
    rule="state-left",
    title="A connection goes back to the pool with state of the session",
    severity=Severity.MEDIUM,
    remedy="Use what ends with the transaction: SET LOCAL, pg_advisory_xact_lock, ON COMMIT DROP.",
)
CROSSED = replace(
    SCOPE,
    rule="crossed-answer",
    title="On a connection that another tenant has used, a tenant gets that tenant's data",
    severity=Severity.CRITICAL,
)
LOST = replace(
    SCOPE,
    rule="lost-answer",
    title="On a connection that another tenant has used, a tenant does not find its own data",
    remedy="Scope each transaction by itself, and give only whole connections back.",
)
SESSION: Mapping[str, str] = {
    "temporary": "temporary tables",
    "prepared": "prepared statements with a tenant's id",
    "cursors": "cursors",
    "locks": "advisory locks",
}


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Doubt]:
    """After each ending the connection must be as before any tenant used it (CWE-488).

    No scope, no open transaction, the role and search path of its sign-in, nothing temporary,
    locked or set for the session; and the next tenant's answers hold its own data, and nobody
    else's. An ending that could not be brought about leaves a doubt, and so does a run in which no
    request found the connection of the last one.
    """
    yield from judge_ground(seen)
    left = [each for each in seen if each.kind == "left"]
    for index, each in enumerate(seen):
        if each.kind == "left":
            for rule, words in remains(each.data):
                yield accuse(rule, each.subject, [words], index, REPEAT)
        elif each.kind == "next":
            for name, rule in (("foreign", CROSSED), ("lost", LOST)):
                if count := each.data[name]:
                    words = f"{count} of {each.data['asked']} answers to {each.data['tenant']}"
                    yield accuse(rule, each.subject, [words], index, REPEAT)
        elif each.kind == "missed":
            yield Doubt(subject=each.subject, reason=f"not brought about: {each.data['reason']}")
    if left and not any(each.data["kept"] for each in left):
        yield Doubt(subject="connections", reason="no connection was used for two requests")


def remains(data: Mapping[str, Json]) -> Iterator[tuple[Rule, str]]:
    """What is left, rule by rule."""
    if scopes := texts(data["scopes"]):
        yield SCOPE, f"the scope of {', '.join(scopes)}"
    if states := texts(data["states"]):
        yield OPEN, ", ".join(states)
    for name in ("role", "path"):
        if data[name]:
            yield ROLE, f"another {name}"
    if settings := texts(data["settings"]):
        yield STATE, f"set for the session: {', '.join(settings)}"
    for name, words in SESSION.items():
        if count := data[name]:
            yield STATE, f"{count} {words}"


LEFT: dict[str, Json] = {
    "request": "POST /v1/projects",
    "status": 503,
    "kept": True,
    "connections": 2,
    "states": [],
    "scopes": [],
    "role": False,
    "path": False,
    "settings": [],
    "temporary": 0,
    "prepared": 0,
    "cursors": 0,
    "locks": 0,
}
NEXT: dict[str, Json] = {"tenant": "globex", "asked": 5, "foreign": 0, "lost": 0, "failed": 0}
ENDING = "a write, its statement cancelled"
CLEAN: tuple[Observation, ...] = (
    Observation(kind="left", subject=ENDING, data=LEFT),
    Observation(kind="next", subject=ENDING, data=NEXT),
)


def spoil(kind: str, **change: Json) -> tuple[Observation, ...]:
    """The clean record with one fact changed."""
    return tuple(
        replace(each, data={**each.data, **change}) if each.kind == kind else each for each in CLEAN
    )


DEFECTS: Mapping[str, tuple[Observation, ...]] = {
    "the tenant's scope is left": spoil("left", scopes=["acme"]),
    "the transaction is left open": spoil("left", states=["in a transaction"], connections=0),
    "a failed transaction is left": spoil("left", states=["in a failed transaction"]),
    "another role is left": spoil("left", role=True),
    "another search path is left": spoil("left", path=True),
    "a setting of the session is left": spoil("left", settings=["statement_timeout"]),
    "a temporary table is left": spoil("left", temporary=1),
    "a prepared statement with a tenant's id is left": spoil("left", prepared=1),
    "a cursor is left": spoil("left", cursors=1),
    "an advisory lock is left": spoil("left", locks=1),
    "the next tenant gets the last one's data": spoil("next", foreign=1),
    "the next tenant does not find its own": spoil("next", lost=2),
}
CHECK = Check(
    id=ID,
    claim="However a request ends, its connection is as good as new for the next tenant.",
    blind_to=(
        "Connections that pgbouncer or another pooler shares among services. Settings with a name "
        "of their own that no policy reads. What savepoints leave, unless a conflicting write uses "
        "one. Requests of the operator; endings that need a full disk or a crashed server. What "
        "is left when the pool has more than one connection is the same, only rarer to meet. "
        "Foreign data that the service shows over other connections too is for the checks of reads."
    ),
    probe=probe,
    judge=judge,
    controls=tuple(Control(defect=name, record=record) for name, record in DEFECTS.items()),
    at_least={"seated": 2, "fresh": 1, "left": 10, "next": 10},
    needs=frozenset({"http", "openapi", "tenants", "row-security", "database", "lone-connection"}),
    covers=("isolation:29", "API1:2023", "ASVS:V8.4.1"),
)
