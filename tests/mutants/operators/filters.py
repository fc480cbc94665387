"""The tenant's condition dropped at each place where a query has one."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from app.models import Base
from tests.mutants.model import Ground, Mutant
from tests.mutants.reach import channels_of, reaching, sample
from tests.mutants.source import MODULE, AnchorError, Source, source, sources

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
    # It ends every membership, so that the deletion of one tenant locks all tenants out: what is
    # asked first ends the ground of all others.
    "app/resources/tenants.py": (33,),
    "app/audit_log.py": (19, 30),
    "app/events.py": (17, 30),
    "app/idempotency.py": (2, 32),
}
# What a tenant has set for itself counts for the others: both set the same, and no answer tells.
IN_STATEMENTS = {"app/quotas.py": (30,)}
# What only the chain of the audit log is about.
ABOUT = {"app/audit_log.py": ("audit_heads", "audit_events", "audit-events")}
MAKING = ("POST /v1/projects", "POST /v1/webhooks", "GET /v1/audit-events")
WORK = ("app/work/", "app/artifacts/sweep.py")
EXPORTING = ("POST /v1/exports", "GET /v1/jobs/{job_id}/result")
PURGING = (
    *("POST /v1/purges", "DELETE /v1/projects/{project_id}", "DELETE /v1/runs/{run_id}"),
    *("POST /v1/uploads", "POST /v1/exports"),
)
# The operations that make it run.
WORKING = {
    "app/artifacts/sweep.py": PURGING,
    "app/work/deliveries.py": ("POST /v1/webhooks", "GET /v1/webhooks/{webhook_id}/deliveries"),
    "app/work/exports.py": EXPORTING,
    "app/work/jobs.py": EXPORTING,
    "app/work/purges.py": PURGING,
    "app/work/removal.py": ("DELETE /v1/tenants/{tenant_id}",),
    "app/work/retention.py": PURGING,
    "app/work/starting.py": EXPORTING,
    "app/work/tasks.py": EXPORTING,
}


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
                channels=AROUND.get(text.path)
                or (*channels_of(sample(labels)), *IN_STATEMENTS.get(text.path, ())),
                names=ABOUT.get(text.path, ()) if text.path in AROUND else labels,
                about=MAKING if everywhere else sample(labels),
                ground=Ground.CODE,
            )


def touching(text: Source) -> tuple[str, ...]:
    """Operations that come to the conditions of a file, a few of each kind."""
    found = [text.around(node) for node in conditions(text)]
    places = [
        constant_of(text, node) if name == MODULE else name
        for name, node in zip(found, conditions(text), strict=True)
    ]
    near = [
        label for place in dict.fromkeys(places) for label in sample(reaching(text.path, place))
    ]
    return tuple(dict.fromkeys(near))


def tables_of(found: Sequence[ast.Compare]) -> tuple[str, ...]:
    """The tables that conditions are on, as a finding names them; () where one is on any."""
    tables = {each.class_.__name__: str(each.local_table) for each in Base.registry.mappers}
    models = {ast.unparse(each.left).removesuffix(".tenant_id") for each in found}
    names = tuple(sorted(f"public.{tables[each]}" for each in models & tables.keys()))
    return names if models <= tables.keys() else ()


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
                # Where it ends everybody's rows, what is asked first ends the ground of all others.
                channels=(33,) if text.path == "app/work/removal.py" else (17, 30, 33),
                names=tables_of([node]),
                about=WORKING[text.path],
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
            names=tables_of([*conditions(source(path))]),
            about=MAKING if path in AROUND and "resources" not in path else touching(source(path)),
        )
