"""What does an EXECUTE do? What was prepared under its name, with its values put in.

PostgreSQL logs the message as it was sent (its manual, PREPARE and EXECUTE): only who has heard the
PREPARE of a session knows what an EXECUTE in it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from validators.database.sql_steps import UnreadableError, split

VERBS = ("PREPARE", "EXECUTE")


@dataclass(frozen=True, slots=True)
class Sessions:
    """What each session has prepared, by its number and the name."""

    prepared: dict[tuple[int, str], exp.Expr] = field(default_factory=dict)

    def plain(self, session: int, text: str) -> str:
        """The message without PREPARE and EXECUTE; UnreadableError when a name is not known."""
        if not any(verb in text.upper() for verb in VERBS):
            return text
        return "; ".join(each.sql("postgres") for each in self.expand(session, text))

    def expand(self, session: int, text: str) -> Iterator[exp.Expr]:
        """Each statement of the message, in order."""
        for statement in split(text):
            verb, said = command(statement)
            if verb == "PREPARE":
                name, _, body = said.partition(" AS ")
                self.prepared[session, named(name)] = split(body)[0]
            elif verb == "EXECUTE":
                name = named(said)
                if (session, name) not in self.prepared:
                    reason = f"{name} was prepared before its session was listened to"
                    raise UnreadableError(reason)
                yield filled(self.prepared[session, name], values_in(said))
            else:
                yield statement


def command(statement: exp.Expr) -> tuple[str, str]:
    """The verb and the rest of what sqlglot keeps as text; ("", "") of anything else."""
    if not isinstance(statement, exp.Command):
        return "", ""
    rest = statement.expression
    return str(statement.this).upper(), str(rest.this if isinstance(rest, exp.Expr) else rest)


def named(said: str) -> str:
    """The name at the beginning of the text."""
    return said.partition("(")[0].strip().strip('"')


def values_in(said: str) -> list[exp.Expr]:
    """The values in the parentheses of an EXECUTE."""
    _, opened, inner = said.partition("(")
    return list(split(f"SELECT {inner.rpartition(')')[0]}")[0].expressions) if opened else []


def filled(body: exp.Expr, values: list[exp.Expr]) -> exp.Expr:
    """The prepared statement with `$1` and so on exchanged for the values."""

    def put(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Parameter):
            return node
        at = int(str(node.this.this)) - 1
        return exp.Paren(this=values[at].copy()) if at < len(values) else node

    return body.transform(put)
