"""Does an SQL statement name one tenant for each relation that it touches?

What counts is an equality that every row must fulfil: in WHERE or in a join's condition, with the
tenant's id, or with a column that is bound to it already. `OR`, ranges and functions
(`current_setting` among them: that is the other layer) bind nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from sqlglot import exp

OWN = ("", "")
"""Stands for the tenant's id among the columns."""
Column = tuple[str, str]
Bond = tuple[Column, Column]
READ, MADE = "SELECT", "INSERT"
VERBS: dict[type[exp.Expr], str] = {
    exp.Update: "UPDATE",
    exp.Delete: "DELETE",
    exp.Merge: "MERGE",
    exp.TruncateTable: "TRUNCATE",
    exp.Copy: "COPY",
}
Query = exp.Select | exp.Update | exp.Delete


@dataclass(frozen=True, slots=True)
class Touch:
    """One relation in one statement; `bound` says that the statement names the tenant for it."""

    relation: str
    verb: str
    bound: bool


def unwrap(value: exp.Expr) -> exp.Expr:
    """Without casts and parentheses."""
    while isinstance(value, exp.Cast | exp.Paren):
        value = value.this
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads statements of one tenant; `known` are columns of outer queries that are bound."""

    tenant: str
    column: str
    relations: frozenset[str]
    known: frozenset[Column] = frozenset()
    named: frozenset[str] = frozenset()
    """Names that a WITH gives: no relations."""
    outputs: frozenset[Column] = frozenset()
    """Columns of those names that are bound."""
    found: list[Touch] = field(default_factory=list)

    def read(self, statement: exp.Expr) -> list[Touch]:
        """Every touch in a statement, those of its parts first."""
        self.visit(statement)
        return self.found

    def visit(self, node: exp.Expr) -> frozenset[str]:
        """Read one query or change with its parts; the names of its output that are bound."""
        inner = self.introduce(node)
        if isinstance(node, exp.SetOperation):
            return inner.visit(node.left) & inner.visit(node.right)
        if isinstance(node, exp.Subquery | exp.Paren):
            return inner.visit(node.this)
        if isinstance(node, exp.Insert):
            return inner.insert(node)
        if isinstance(node, exp.Select | exp.Update | exp.Delete):
            return inner.query(node)
        for table in node.find_all(exp.Table) if type(node) in VERBS else ():
            inner.touch(table, VERBS[type(node)], bound=False)
        return frozenset()

    def introduce(self, node: exp.Expr) -> Reader:
        """The reader that knows the names of the node's WITH, each read on the way."""
        reader, stated = self, node.args.get("with_") or node.args.get("with")
        for each in stated.expressions if stated else ():
            bound = reader.visit(each.this)
            reader = reader.inside(
                named=reader.named | {each.alias},
                outputs=reader.outputs | {(each.alias, name) for name in bound},
            )
        return reader

    def inside(self, **change: frozenset[Column] | frozenset[str]) -> Reader:
        """A reader of a part, which reports to the same list."""
        kept = {"known": self.known, "named": self.named, "outputs": self.outputs}
        return Reader(
            tenant=self.tenant,
            column=self.column,
            relations=self.relations,
            found=self.found,
            **{**kept, **change},  # type: ignore[arg-type]
        )

    def insert(self, node: exp.Insert) -> frozenset[str]:
        """A new row is bound when the value for the tenant's column is."""
        table = node.find(exp.Table)
        names = [each.name for each in node.this.expressions] if node.this.expressions else []
        place = names.index(self.column) if self.column in names else None
        source, bound = node.expression, False
        if isinstance(source, exp.Values) and place is not None:
            bound = all(self.is_own(row.expressions[place]) for row in source.expressions)
        elif source is not None:
            self.visit(source)
            bound = place is not None and self.gives_own(source, place)
        if table is not None:
            self.touch(table, MADE, bound=bound)
        return frozenset({self.column} if bound else ())

    def gives_own(self, source: exp.Expr, place: int) -> bool:
        """Does a query put the tenant's id at this place of its output?"""
        if not isinstance(source, exp.Select) or place >= len(source.selects):
            return False
        return self.is_bound(source.selects[place], source, self.bound_in(source))

    def is_bound(self, value: exp.Expr, node: Query, bound: frozenset[Column]) -> bool:
        """Is what a query puts out the tenant's id?"""
        term = self.term(value.unalias(), node)
        return term is not None and term in bound

    def query(self, node: Query) -> frozenset[str]:
        """A query's own tables, then the queries within it."""
        bound = self.bound_in(node)
        target = node.this if not isinstance(node, exp.Select) else None
        for table in tables_of(node):
            verb = VERBS[type(node)] if table is target else READ
            self.touch(table, verb, bound=(table.alias_or_name, self.column) in bound)
        within = self.inside(known=self.known | bound)
        for part in parts_of(node):
            within.visit(part)
        chosen = node.selects if isinstance(node, exp.Select) else returned(node)
        return frozenset(each.alias_or_name for each in chosen if self.is_bound(each, node, bound))

    def bound_in(self, node: Query) -> frozenset[Column]:
        """The columns that must equal the tenant's id in every row of the query."""
        bound = {OWN, *self.known}
        for table in tables_of(node):
            bound |= {
                (table.alias_or_name, name)
                for source, name in self.outputs
                if source == table.name and not table.db
            }
        for derived in derived_of(node):
            silent = Reader(tenant=self.tenant, column=self.column, relations=frozenset())
            quiet = silent.inside(known=self.known, named=self.named, outputs=self.outputs)
            bound |= {(derived.alias, name) for name in quiet.visit(derived.this)}
        bonds = list(self.bonds(node))
        while more := {two for one, two in bonds if one in bound and two not in bound}:
            bound |= more
        return frozenset(bound)

    def bonds(self, node: Query) -> Iterator[Bond]:
        """`(a, b)`: when a is bound, so is b. An outer join's condition binds what it adds only."""
        where = node.args.get("where")
        yield from chain.from_iterable(
            ((one, two), (two, one)) for one, two in self.equal(where.this if where else None, node)
        )
        for join in node.args.get("joins") or ():
            pairs = [*self.equal(join.args.get("on"), node), *self.using(join, node)]
            both = [*pairs, *((two, one) for one, two in pairs)]
            if not join.side:
                yield from both
            elif join.side == "LEFT":
                yield from (bond for bond in both if bond[1][0] == join.this.alias_or_name)

    def using(self, join: exp.Join, node: Query) -> Iterator[Bond]:
        """`JOIN … USING (column)` equals the column of every table before."""
        for name in join.args.get("using") or ():
            for table in tables_of(node):
                yield (table.alias_or_name, name.name), (join.this.alias_or_name, name.name)

    def equal(self, condition: exp.Expr | None, node: Query) -> Iterator[Bond]:
        """The equalities that a condition consists of."""
        bare = unwrap(condition) if condition is not None else None
        if isinstance(bare, exp.And):
            yield from self.equal(bare.left, node)
            yield from self.equal(bare.right, node)
        elif isinstance(bare, exp.EQ):
            yield from self.pairs(unwrap(bare.left), unwrap(bare.right), node)
        elif isinstance(bare, exp.In) and len(bare.expressions) == 1:
            yield from self.pairs(unwrap(bare.this), unwrap(bare.expressions[0]), node)

    def pairs(self, left: exp.Expr, right: exp.Expr, node: Query) -> Iterator[Bond]:
        """What one equality says; of rows, what it says of each member."""
        if isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple):
            for one, two in zip(left.expressions, right.expressions, strict=False):
                yield from self.pairs(unwrap(one), unwrap(two), node)
            return
        one, two = self.term(left, node), self.term(right, node)
        if one is not None and two is not None:
            yield one, two

    def term(self, value: exp.Expr, node: Query) -> Column | None:
        """A column or the tenant's id; None for anything else."""
        if self.is_own(value):
            return OWN
        if not isinstance(value, exp.Column):
            return None
        sources = [each.alias_or_name for each in chain(tables_of(node), derived_of(node))]
        return (value.table or (sources[0] if len(sources) == 1 else "?"), value.name)

    def is_own(self, value: exp.Expr) -> bool:
        """Is it the tenant's id?"""
        bare = unwrap(value)
        return isinstance(bare, exp.Literal) and str(bare.this).lower() == self.tenant

    def touch(self, table: exp.Table, verb: str, *, bound: bool) -> None:
        """Note a relation that tells tenants apart."""
        name = f"{table.db or 'public'}.{table.name}"
        if name in self.relations and (table.db or table.name not in self.named):
            self.found.append(Touch(name, verb, bound))


def tables_of(node: Query) -> list[exp.Table]:
    """The relations that a query or change names itself, its target first."""
    return [each for each in sources_of(node) if isinstance(each, exp.Table)]


def derived_of(node: Query) -> list[exp.Subquery]:
    """The queries that stand in the place of a relation."""
    return [each for each in sources_of(node) if isinstance(each, exp.Subquery)]


def sources_of(node: Query) -> Iterator[exp.Expr]:
    """What a query reads from, in its own FROM, USING and joins."""
    if not isinstance(node, exp.Select):
        yield node.this
    started = node.args.get("from_") or node.args.get("from")
    if started is not None:
        yield started.this
        yield from (join.this for join in started.this.args.get("joins") or ())
    for each in node.args.get("using") or ():
        yield each.this if isinstance(each, exp.From) else each
    yield from (join.this for join in node.args.get("joins") or ())


def returned(node: Query) -> list[exp.Expr]:
    """What a change returns."""
    stated = node.args.get("returning")
    return list(stated.expressions) if stated else []


def parts_of(node: Query) -> Iterable[exp.Expr]:
    """The queries directly within a query, its WITH left out."""
    stated = node.args.get("with_") or node.args.get("with")
    waiting = [each for each in node.iter_expressions() if each is not stated]
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, exp.Select | exp.SetOperation):
            yield part
        else:
            waiting.extend(part.iter_expressions())
