"""One operation that looks an object up among everybody's, while all others keep to the tenant."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from tests.mutants.model import Ground, Mutant
from tests.mutants.operators.filters import without_conditions
from tests.mutants.reach import channels_of, operations
from tests.mutants.source import Edits, Source, sources

# Where the lookups are, and what of them keeps to the tenant.
TWINS = {
    "app/tenancy.py": (
        "scoped",
        "listed",
        "listed_conditions",
        "bring_back",
        "read",
        "look",
        "find",
    ),
    "app/run_rows.py": ("scoped_runs", "whole_run", "read_whole_run", "store_log"),
    "app/version_rows.py": (
        *("scoped_versions", "whole_version", "find_version", "hold_model", "find_alias", "attach"),
    ),
    "app/metric_history.py": ("scoped_points",),
    "app/lifetimes.py": (),
}


def twin_of(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".").replace("app.", "app.everybody_")


@cache
def twins() -> Edits:
    """The lookups once more, without any condition on the tenant."""
    edits = {}
    for path in TWINS:
        text = without_conditions()[path]
        for other in TWINS:
            module = other.removesuffix(".py").replace("/", ".")
            text = text.replace(f"from {module} import", f"from {twin_of(other)} import")
        edits[twin_of(path).replace(".", "/") + ".py"] = text
    return edits


def lookups() -> Iterator[Mutant]:
    """One mutant for each operation that looks anything up, there or in a function beside it.

    All its lookups at once, because one of them often stands behind another.
    """
    for text in sources():
        if not text.path.startswith("app/resources/"):
            continue
        for view in text.functions:
            label = operations().get(view.name)
            edited = unkept(text, view.name) if label else None
            if label and edited:
                yield Mutant(
                    operator="an operation looks objects up among everybody's",
                    place=label,
                    edits={text.path: edited, **twins()},
                    channels=channels_of([label]),
                    names=(label,),
                    about=(label,),
                    ground=Ground.CODE,
                )


def beside(text: Source, name: str) -> frozenset[str]:
    """The function and those of the same module that it comes to."""
    names = {each.name: each for each in text.functions}
    seen, front = set[str](), [name]
    while front:
        current = front.pop()
        seen.add(current)
        used = {node.id for node in ast.walk(names[current]) if isinstance(node, ast.Name)}
        front += sorted((used & names.keys()) - seen)
    return frozenset(seen)


def unkept(text: Source, name: str) -> str | None:
    """The text with every lookup of this function among everybody's; None without any.

    It gets functions of its own for those beside it, which other operations come to as well.
    """
    functions = beside(text, name)
    helpers = functions - {name}
    lookups = [
        (node.func, f'__import__("{twin_of(path)}", fromlist=["app"]).{ast.unparse(node.func)}')
        for node, path in calls(text)
        if text.around(node) in functions
    ]
    uses = [
        (node, f"everybodys{node.id}")
        for node in text.nodes
        if isinstance(node, ast.Name) and node.id in helpers and text.around(node) in functions
    ]
    if not lookups:
        return None
    found = [*lookups, *uses]
    whole = Source(text.path, text.swap_all(found))
    copies = [
        whole.segment(whole.function(each)).replace(f"def {each}(", f"def everybodys{each}(", 1)
        for each in sorted(helpers)
    ]
    own = text.swap_all([item for item in found if text.around(item[0]) == name])
    return "\n\n\n".join([own.rstrip(), *copies]) + "\n"


def calls(text: Source) -> list[tuple[ast.Call, str]]:
    """The calls of lookups by their imported names, and the module that each comes from."""
    origins = {
        alias.asname or alias.name: path
        for statement in text.tree.body
        if isinstance(statement, ast.ImportFrom)
        for path, names in TWINS.items()
        if str(statement.module).replace(".", "/") + ".py" == path
        for alias in statement.names
        if alias.name in names
    }
    return [
        (node, origins[node.func.id])
        for node in text.nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in origins
    ]
