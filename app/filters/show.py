"""How is a filter written as text?"""

from __future__ import annotations

import re

from app.filters.tree import Comparison, Field, Filter, Term

PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*", re.ASCII)


def show(wanted: Filter) -> str:
    """The text that `parse_filter` reads as this filter."""
    return " or ".join(" and ".join(map(show_term, group)) for group in wanted.groups)


def show_term(term: Term) -> str:
    """One comparison or list."""
    field = show_field(term.field)
    if isinstance(term, Comparison):
        return f"{field} {term.operator} {show_value(term.value)}"
    word = "not in" if term.negated else "in"
    return f"{field} {word} ({', '.join(map(show_value, term.values))})"


def show_field(field: Field) -> str:
    """The field, its key in backticks unless it is plain."""
    plain = PLAIN.fullmatch(field.key)
    key = field.key if plain else f"`{field.key.replace('`', '``')}`"
    return f"{field.group}.{key}"


def show_value(value: str | float) -> str:
    """A number, or a text in single quotes."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)
