"""What does one message to PostgreSQL do, as far as tenants are concerned?

Parsed with sqlglot's PostgreSQL dialect.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

from validators.database.predicates import Reader, Touch, unwrap

# It would say on the terminal which commands it keeps as text.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Setting:
    """A run-time parameter is set; `local` until the end of the transaction only."""

    name: str
    value: str
    local: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """`SAVEPOINT`, `RELEASE` or `ROLLBACK TO` with a name, or the `END` of the transaction."""

    word: str
    name: str


Step = Touch | Setting | Turn


class UnreadableError(Exception):
    """The text is no SQL that can be parsed."""


@lru_cache(maxsize=1024)
def read(text: str, tenant: str, column: str, relations: frozenset[str]) -> tuple[Step, ...]:
    """What one message does, as far as tenants are concerned; UnreadableError when it is no SQL.

    `relations` are those with the column that names the tenant, as `schema.name`. Reading comes
    before setting: within one statement nobody can count on the order.
    """
    turn = turn_of(text)
    if turn is not None:
        return (turn,)
    found: list[Step] = []
    for statement in split(text):
        reader = Reader(tenant=tenant, column=column, relations=relations)
        found += [*reader.read(statement), *settings(statement)]
        if isinstance(statement, exp.Commit | exp.Rollback):
            savepoint = statement.args.get("savepoint")
            found.append(Turn("ROLLBACK TO", savepoint.name) if savepoint else Turn("END", ""))
    return tuple(found)


def turn_of(text: str) -> Turn | None:
    """SAVEPOINT and RELEASE, which sqlglot does not know."""
    words = text.replace(";", " ").split()
    if len(words) < 2 or words[0].upper() not in {"SAVEPOINT", "RELEASE"}:  # noqa: PLR2004 - the word and a name
        return None
    return Turn(words[0].upper(), words[-1].strip('"'))


def split(text: str) -> list[exp.Expr]:
    """The statements of one message; UnreadableError when they cannot be parsed."""
    try:
        return [each for each in parse(text, dialect="postgres") if each is not None]
    except SqlglotError as error:
        raise UnreadableError(str(error).partition("\n")[0]) from None


def settings(statement: exp.Expr) -> Iterator[Setting]:
    """SET, SET LOCAL, and calls of set_config."""
    if isinstance(statement, exp.Set):
        for item in statement.expressions:
            said = item.this
            if isinstance(said, exp.EQ):
                local = str(item.args.get("kind") or "").upper() == "LOCAL"
                yield Setting(said.this.sql("postgres"), text_of(said.expression), local)
    for call in statement.find_all(exp.Anonymous):
        if call.name.lower() == "set_config" and len(call.expressions) == 3:  # noqa: PLR2004 - its arity
            name, value, local = call.expressions
            yield Setting(text_of(name), text_of(value), is_true(local))


def text_of(value: exp.Expr) -> str:
    """A literal's text, through casts and parentheses; the SQL of anything else."""
    bare = unwrap(value)
    return str(bare.this) if isinstance(bare, exp.Literal) else bare.sql("postgres")


def is_true(value: exp.Expr) -> bool:
    """Is it the constant true?"""
    bare = unwrap(value)
    return isinstance(bare, exp.Boolean) and bool(bare.this)


def shape(text: str) -> str:
    """A readable message with `?` in place of every value."""

    def blank(node: exp.Expr) -> exp.Expr:
        return exp.Placeholder() if isinstance(node, exp.Literal) else node

    return "; ".join(each.transform(blank).sql("postgres") for each in split(text))
