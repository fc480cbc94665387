"""Under which tenant's scope does each statement run?

A scope that is set for the transaction ends with it, and with the savepoint that it was set after;
one that is set for the session stays for whoever gets the connection next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from gate.inside import Statement
from validators.database.predicates import Touch
from validators.database.prepared import Sessions
from validators.database.sql_steps import Setting, Turn, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A relation is touched: under which tenant's scope ("" for none), and for how long it holds.

    `lasting` says that the session has the scope, not the transaction.
    """

    touch: Touch
    scope: str
    lasting: bool
    statement: Statement


@dataclass(slots=True)
class Transaction:
    """The scope that a transaction has set for itself, and what it was at each savepoint.

    `opened` are the settings that show the rows of all, until they are told of.
    """

    scope: str | None = None
    opened: list[Setting] = field(default_factory=list)
    savepoints: list[tuple[str, str | None]] = field(default_factory=list)

    def turn(self, turn: Turn) -> None:
        """Follow a savepoint; ROLLBACK TO keeps the savepoint itself."""
        if turn.word == "SAVEPOINT":
            self.savepoints.append((turn.name, self.scope))
            return
        if turn.word == "END":
            self.scope, self.opened, self.savepoints = None, [], []
            return
        while self.savepoints and self.savepoints[-1][0] != turn.name:
            self.savepoints.pop()
        if self.savepoints and turn.word == "ROLLBACK TO":
            self.scope = self.savepoints[-1][1]
        elif self.savepoints:
            self.savepoints.pop()


@dataclass(slots=True, kw_only=True)
class Follower:
    """Follows what all sessions say; `setting` scopes them, `lasting` are scopes of sessions.

    A statement is read with the tenant of its scope, or `caller` where it has none. `openers` are
    other settings, each with the value that lets a policy show the rows of all.
    """

    setting: str
    column: str
    relations: frozenset[str]
    openers: frozenset[tuple[str, str]] = frozenset()
    lasting: dict[int, str] = field(default_factory=dict)
    running: dict[tuple[int, str], Transaction] = field(default_factory=dict)
    sessions: Sessions = field(default_factory=Sessions)

    def follow(self, statement: Statement, caller: str) -> Iterator[Use | Setting]:
        """Every touch, every setting of the scope for a session, every opener; UnreadableError."""
        now = self.running.setdefault((statement.session, statement.transaction), Transaction())
        own = self.scope_of(statement.session, now)
        text = self.sessions.plain(statement.session, statement.text)
        for step in read(text, own or caller, self.column, self.relations):
            if isinstance(step, Turn):
                now.turn(step)
            elif isinstance(step, Touch):
                yield Use(
                    touch=step,
                    scope=self.scope_of(statement.session, now),
                    lasting=now.scope is None,
                    statement=replace(statement, text=text),
                )
            elif (step.name, step.value) in self.openers:
                now.opened.append(step)
            elif step.name == self.setting and step.local:
                now.scope = step.value
            elif step.name == self.setting:
                self.lasting[statement.session] = step.value
                yield step
            if now.opened and self.scope_of(statement.session, now):
                # Without a tenant it is the work of a runner or of the operator.
                yield from now.opened
                now.opened = []

    def scope_of(self, session: int, now: Transaction) -> str:
        """The tenant in whose scope the session is now."""
        return self.lasting.get(session, "") if now.scope is None else now.scope
