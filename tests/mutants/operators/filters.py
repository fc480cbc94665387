"""The tenant's condition dropped at each place where a query has one."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache

from tests.mutants.model import Ground, Mutant
from tests.mutants.reach import channels_of, reaching, sample
from tests.mutants.source import MODULE, AnchorError, Source, sources

TRUE = '__import__("sqlalchemy").true()'
# They begin at credentials and the queue of all tenants: nobody's request comes through with a
# tenant to leave (`tests/mutants/operators/trust.py` has the flaws of signing in).
NO_REQUEST = (
    "app/auth.py",
    "app/oidc.py",
    "app/credentials.py",
    "app/webhooks/",
)
# What happens around every view (`app.conduct`): its channels.
AROUND = {
    # It ends every membership, so that the deletion of a tenant would lock all tenants out.
    "app/resources/tenants.py": (2, 33),
    "app/audit_log.py": (19,),
    "app/events.py": (17,),
    "app/idempotency.py": (2, 32),
}
MAKING = ("POST /v1/projects", "POST /v1/webhooks", "GET /v1/audit-events")
WORK = ("app/work/", "app/artifacts/sweep.py")


def conditions(text: Source) -> Iterator[ast.Compare]:
    """`X.tenant_id == …`: a condition on a table, model or alias with a value on the right."""
    for node in text.nodes:
        if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq):
            continue
        left, right = node.left, node.comparators[0]
        if isinstance(left, ast.Attribute) and left.attr == "tenant_id" and not is_column(right):
            yield node


def is_column(node: ast.expr) -> bool:
    """Is it a column of another table, so that the condition is one of a join by both keys?"""
    named = isinstance(node, ast.Attribute) and node.attr == "tenant_id"
    return named and ast.unparse(node)[0].isupper()


def filters() -> Iterator[Mutant]:
    """With the policies open, what the condition kept apart meets."""
    for text in sources():
        if text.path.startswith((*NO_REQUEST, *WORK)):
            continue
        for node in conditions(text):
            function = text.around(node)
            known = function if function != MODULE else constant_of(text, node)
            labels = reaching(text.path, known)
            if not labels and text.path not in AROUND:
                raise AnchorError(f"{text.path} {known} is reached by no operation")
            everywhere = text.path in AROUND and not text.path.startswith("app/resources/")
            yield Mutant(
                operator="condition dropped",
                place=place_of(text, node),
                edits={text.path: text.swap(node, TRUE)},
                channels=AROUND.get(text.path) or channels_of(sample(labels)),
                names=() if text.path in AROUND else labels,
                about=MAKING if everywhere else sample(labels),
                ground=Ground.CODE,
            )


def place_of(text: Source, node: ast.Compare) -> str:
    """The file, the function or constant, the condition; with a number from the second on."""

    def spelt(each: ast.Compare) -> str:
        function = text.around(each)
        known = function if function != MODULE else constant_of(text, each)
        return f"{text.path} {known} {ast.unparse(each.left)}"

    same = [each for each in conditions(text) if spelt(each) == spelt(node)]
    nth = next(at for at, each in enumerate(same) if each is node)
    return spelt(node) + (f" ({nth + 1})" if nth else "")


def constant_of(text: Source, node: ast.expr) -> str:
    """The module's constant that an expression is part of."""
    for statement in text.tree.body:
        if isinstance(statement, ast.Assign) and any(node is one for one in ast.walk(statement)):
            return ast.unparse(statement.targets[0])
    return ""


def work() -> Iterator[Mutant]:
    """The same in what runs after a request: exports, purges, removals, deliveries."""
    for text in sources():
        if not text.path.startswith(WORK):
            continue
        for node in conditions(text):
            yield Mutant(
                operator="condition dropped in background work",
                place=place_of(text, node),
                edits={text.path: text.swap(node, TRUE)},
                channels=(17, 33) if "export" in text.path or "jobs" in text.path else (33, 17),
                ground=Ground.CODE,
            )


@cache
def without_conditions() -> Mapping[str, str]:
    """Every file that has conditions, without any."""
    edits = {}
    for text in sources():
        if text.path.startswith((*NO_REQUEST, *WORK)):
            continue
        found = [(node, TRUE) for node in conditions(text)]
        if found:
            edits[text.path] = text.swap_all(found)
    return edits


def unfiltered() -> Iterator[Mutant]:
    """No condition anywhere, with the policies in force: only an observer of statements sees it."""
    for path, text in without_conditions().items():
        yield Mutant(
            operator="all conditions of a module dropped, policies in force",
            place=path,
            edits={path: text},
            channels=(30,),
        )
