"""Which filter does a text mean, and where does it go wrong?

There are no parentheses: what they say can be said without, and a language without nesting is
described exactly by one regular expression, the one in the OpenAPI document (`pattern`).
"""

from __future__ import annotations

from typing import cast

from lark import Lark, Token, Transformer, UnexpectedInput, v_args

from app.filters.tree import (
    ORDERINGS,
    PATTERNS,
    Attribute,
    Comparison,
    Field,
    Filter,
    Group,
    Membership,
    Operator,
    Order,
    Term,
)
from app.schemas.basics import UUID_TEXT

LONGEST, LONGEST_KEY = 4000, 100
MOST_TERMS = 20
GRAMMAR = r"""
start: group (_OR group)*
group: _term (_AND _term)*
_term: comparison | member | no_member
comparison: field OPERATOR (STRING | NUMBER)
member: field _IN _values
no_member: field _NOT _IN _values
field: GROUP "." KEY
_values: "(" STRING ("," STRING)* ")"
order: field [ASC | DESC]

GROUP: /metrics|params|tags|attributes/
KEY: /[A-Za-z0-9_][A-Za-z0-9_.\-]*|`([^`]|``)+`/
OPERATOR: /=|!=|<=|>=|<|>|i?like\b/i
_AND: /and\b/i
_OR: /or\b/i
_NOT: /not\b/i
_IN: /in\b/i
ASC: /asc\b/i
DESC: /desc\b/i
STRING: /'([^']|'')*'/
NUMBER: /[+-]?[0-9]{1,20}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,2})?(?![A-Za-z0-9_.])/i
%ignore /[ \t\r\n]+/
"""
IDS = {Attribute.ID, Attribute.EXPERIMENT_ID}
EQUALITIES = frozenset({Operator.EQUAL, Operator.UNEQUAL})
ALLOWED: dict[Group | Attribute, frozenset[Operator]] = {
    Group.METRICS: EQUALITIES | ORDERINGS,
    Group.PARAMS: EQUALITIES | PATTERNS,
    Group.TAGS: EQUALITIES | PATTERNS,
    Attribute.NAME: EQUALITIES | PATTERNS,
    Attribute.STATUS: EQUALITIES,
    Attribute.ID: EQUALITIES,
    Attribute.EXPERIMENT_ID: EQUALITIES,
    Attribute.CREATED_AT: ORDERINGS,
}
NUMERIC = {Group.METRICS, Attribute.CREATED_AT}
ORDERED = {Attribute.NAME, Attribute.CREATED_AT}


class FilterError(ValueError):
    """The text is no filter. `column` counts characters from 1."""

    def __init__(self, detail: str, column: int) -> None:
        super().__init__(f"column {column}: {detail}")
        self.column = column


def parse_filter(text: str) -> Filter:
    """The filter that the text means; raises `FilterError`."""
    parsed = cast("Filter", _parse(text, "start"))
    if sum(map(len, parsed.groups)) > MOST_TERMS:
        raise FilterError(f"there are more than {MOST_TERMS} terms", 1)
    return parsed


def parse_order(text: str) -> Order:
    """The order that the text means, such as `metrics.loss asc`; raises `FilterError`."""
    return cast("Order", _parse(text, "order"))


@v_args(inline=True)
class Build(Transformer[Token, object]):
    """Makes the tree while the parser reads."""

    def start(self, *groups: tuple[Term, ...]) -> Filter:
        """Groups with `or` between them."""
        return Filter(groups)

    def group(self, *terms: Term) -> tuple[Term, ...]:
        """Terms with `and` between them."""
        return terms

    def comparison(self, field: Field, operator: Token, value: Token) -> Comparison:
        """A field and one value of its kind."""
        chosen = Operator(operator.lower())
        if chosen not in ALLOWED[_kind(field)]:
            raise _wrong(operator, f"{_name(field)} is not compared with {chosen}")
        if _kind(field) not in NUMERIC:
            return Comparison(field, chosen, _text(field, value, chosen))
        if value.type != "NUMBER":
            raise _wrong(value, f"{_name(field)} is compared with a number")
        return Comparison(field, chosen, float(value))

    def member(self, field: Field, *values: Token) -> Membership:
        """A field and the texts that it may be."""
        return _membership(field, values, negated=False)

    def no_member(self, field: Field, *values: Token) -> Membership:
        """A field and the texts that it may not be."""
        return _membership(field, values, negated=True)

    def field(self, group: Token, key: Token) -> Field:
        """A group and a key in it."""
        name = key[1:-1].replace("``", "`") if key.startswith("`") else str(key)
        if len(name) > LONGEST_KEY:
            raise _wrong(key, f"a key has at most {LONGEST_KEY} characters")
        if group == Group.ATTRIBUTES and name not in set(Attribute):
            raise _wrong(key, f"the attributes are {', '.join(Attribute)}")
        return Field(Group(group), name)

    def order(self, field: Field, direction: Token | None) -> Order:
        """A field, ascending unless said otherwise."""
        if field.group is Group.ATTRIBUTES and field.key not in ORDERED:
            raise FilterError("runs are ordered by name, created_at, metrics, params or tags", 1)
        return Order(field, direction is not None and direction.type == "DESC")


PARSER = Lark(GRAMMAR, parser="lalr", start=["start", "order"], transformer=Build())


def _parse(text: str, start: str) -> object:
    if len(text) > LONGEST:
        raise FilterError(f"there are more than {LONGEST} characters", LONGEST + 1)
    try:
        return PARSER.parse(text, start=start)
    except UnexpectedInput as error:
        place = getattr(error, "token", None)
        ended = isinstance(place, Token) and place.type == "$END"
        column = len(text) if ended or error.pos_in_stream is None else error.pos_in_stream
        detail = "the text ends too early" if ended else "this is not expected here"
        raise FilterError(detail, column + 1) from None


def _wrong(token: Token, detail: str) -> FilterError:
    return FilterError(detail, (token.start_pos or 0) + 1)


def _name(field: Field) -> str:
    return field.group if field.group is not Group.ATTRIBUTES else f"attributes.{field.key}"


def _kind(field: Field) -> Group | Attribute:
    return Attribute(field.key) if field.group is Group.ATTRIBUTES else field.group


def _membership(field: Field, values: tuple[Token, ...], *, negated: bool) -> Membership:
    if _kind(field) in NUMERIC:
        raise _wrong(values[0], f"{_name(field)} is not looked up in a list")
    texts = tuple(_text(field, value, Operator.EQUAL) for value in values)
    return Membership(field, texts, negated)


def _text(field: Field, value: Token, operator: Operator) -> str:
    """The text in a token, checked to be one that the field can be compared with."""
    if value.type != "STRING":
        raise _wrong(value, f"{_name(field)} is compared with a text in single quotes")
    text = value[1:-1].replace("''", "'")
    if _kind(field) in IDS and not UUID_TEXT.fullmatch(text):
        raise _wrong(value, f"{_name(field)} is compared with an id")
    if operator in PATTERNS and (len(text) - len(text.rstrip("\\"))) % 2:
        raise _wrong(value, "a pattern cannot end with the escape character")
    return text
