"""Does a filter mean what it says, and never more than its types can hold?"""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

from app.filters import pattern
from app.filters.compile import compile_filter, literal_start
from app.filters.parse import (
    ALLOWED,
    IDS,
    NUMERIC,
    FilterError,
    parse_filter,
    parse_order,
)
from app.filters.show import show
from app.filters.tree import (
    PATTERNS,
    Attribute,
    Comparison,
    Field,
    Filter,
    Group,
    Membership,
    Order,
    Term,
)

unhurried = settings(deadline=None)
BOUND = re.compile(r"%\(\w+\)s|__\[POSTCOMPILE_\w+\]")
letters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
texts = st.text(letters, max_size=30)
keys = st.text(letters, min_size=1, max_size=20)


@st.composite
def terms(draw: st.DrawFn) -> Term:
    kind = draw(st.sampled_from(list(ALLOWED)))
    group = isinstance(kind, Group)
    field = Field(kind, draw(keys)) if group else Field(Group.ATTRIBUTES, kind)
    values: st.SearchStrategy[str] = st.uuids().map(str) if kind in IDS else texts
    if kind not in NUMERIC and draw(st.booleans()):
        found = draw(st.lists(values, min_size=1, max_size=4))
        return Membership(field, tuple(found), draw(st.booleans()))
    operator = draw(st.sampled_from(sorted(ALLOWED[kind])))
    if kind in NUMERIC:
        numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e80, max_value=1e80)
        return Comparison(field, operator, draw(numbers.map(lambda number: round(number, 9))))
    value = draw(values)
    return Comparison(field, operator, value.rstrip("\\") if operator in PATTERNS else value)


filters = st.lists(
    st.lists(terms(), min_size=1, max_size=3).map(tuple), min_size=1, max_size=3
).map(lambda groups: Filter(tuple(groups)))


def sql(wanted: Filter) -> str:
    return str(compile_filter(wanted).compile(dialect=postgresql.dialect()))


@unhurried
@given(filters)
def test_a_filter_is_read_as_it_is_shown(wanted: Filter) -> None:
    assert parse_filter(show(wanted)) == wanted


@unhurried
@given(filters)
def test_the_document_describes_every_filter(wanted: Filter) -> None:
    assert re.search(pattern.FILTER, show(wanted))


# A filter of many terms takes long to make, and is as good a filter.
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.from_regex(pattern.FILTER))
def test_every_text_of_the_documented_pattern_is_a_filter(text: str) -> None:
    assert parse_filter(text).groups


@unhurried
@given(st.from_regex(pattern.ORDER))
def test_every_text_of_the_documented_pattern_is_an_order(text: str) -> None:
    assert isinstance(parse_order(text), Order)


@unhurried
@given(
    st.text(max_size=60) | st.text("metricsparamstags.'`=<>()and or\\%_,0123456789", max_size=60)
)
def test_any_other_text_is_a_mistake_at_a_column_of_it(text: str) -> None:
    assume(re.search(pattern.FILTER, text) is None)
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    assert 1 <= caught.value.column <= len(text) + 1


@unhurried
@given(filters)
def test_what_callers_write_never_reaches_the_statement(wanted: Filter) -> None:
    text = BOUND.sub("?", sql(wanted))
    assert "'" not in text
    plain = Filter(tuple(tuple(map(anonymous, group)) for group in wanted.groups))
    assert text == BOUND.sub("?", sql(plain))


def anonymous(term: Term) -> Term:
    """The same shape with other keys and values."""
    field = term.field if term.field.group is Group.ATTRIBUTES else Field(term.field.group, "k")
    known = Attribute(field.key) if field.group is Group.ATTRIBUTES else None
    word = "01900000-0000-7000-8000-000000000000" if known in IDS else "w"
    if isinstance(term, Membership):
        return Membership(field, (word,), term.negated)
    if isinstance(term.value, float):
        return Comparison(field, term.operator, 1.0)
    start = literal_start(term.value) if term.operator == "like" else ""
    return Comparison(field, term.operator, word if start or term.operator != "like" else "%")


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("", 1),
        ("metrics.loss", 13),
        ("metrics.loss <", 15),
        ("metrics.loss < 'x'", 16),
        ("metrics.loss like 'x'", 14),
        ("metrics.loss in ('x')", 18),
        ("metrics.loss < 1e999", 16),
        ("params.lr = 0.1", 13),
        ("params.lr < '0.1'", 11),
        ("params.lr = '0.1", 13),
        ("params.lr like '0\\'", 16),
        ("columns.x = '1'", 1),
        ("attributes.tenant_id = 'x'", 12),
        ("attributes.id = 'x'", 17),
        ("attributes.created_at > '2024'", 25),
        ("params.a = 'x' and", 19),
        ("params.a = 'x' or or", 19),
        ("params.a = 'x'; DROP TABLE runs", 15),
        ("(metrics.a = 1)", 1),
        (f"params.{'a' * 101} = 'x'", 8),
        (" and ".join(["metrics.a = 1"] * 21), 1),
        (f"params.a = '{'x' * 4000}'", 4001),
    ],
)
def test_a_mistake_is_named_with_its_column(text: str, column: int) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    assert caught.value.column == column, caught.value


@pytest.mark.parametrize(
    "text", ["", "loss", "metrics.loss up", "attributes.status", "metrics.a,b"]
)
def test_a_wrong_order_is_a_mistake(text: str) -> None:
    with pytest.raises(FilterError):
        parse_order(text)


@pytest.mark.parametrize(
    ("like", "start"),
    [
        ("abc%", "abc"),
        ("%abc", ""),
        ("a_c", "a"),
        (r"a\%b%c", "a%b"),
        (r"\\x", r"\x"),
        ("abc", "abc"),
    ],
)
def test_the_literal_start_of_a_pattern(like: str, start: str) -> None:
    assert literal_start(like) == start
