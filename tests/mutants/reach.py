"""Through which operations is a function of the service reached?"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from tests.mutants.source import Function, Source, source, sources


@cache
def operations() -> Mapping[str, str]:
    """The label of each view, `GET /v1/runs/{run_id}`, by the view's name."""
    return {
        view.name: label
        for each in sources()
        for view in each.functions
        if (label := label_of(view)) is not None
    }


def label_of(view: Function) -> str | None:
    for decorator in view.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "endpoint":
            route = decorator.args[1]
            return str(route.value) if isinstance(route, ast.Constant) else None
    return None


Place = tuple[str, str]


def known_names(text: Source) -> dict[str, Place]:
    """What a module's names stand for in the service: (file, name); `x.f` for imported modules."""
    found = {each.name: (text.path, each.name) for each in text.functions}
    for statement in text.tree.body:
        if isinstance(statement, ast.Assign):
            found |= {
                ast.unparse(each): (text.path, ast.unparse(each)) for each in statement.targets
            }
    paths = {each.path for each in sources()}
    for node in text.nodes:
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("app"):
            continue
        folder = str(node.module).replace(".", "/")
        for alias in node.names:
            name = alias.asname or alias.name
            if f"{folder}/{alias.name}.py" in paths:
                module = source(f"{folder}/{alias.name}.py")
                found |= {
                    f"{name}.{each.name}": (module.path, each.name) for each in module.functions
                }
            else:
                found[name] = (f"{folder}.py", alias.name)
    return found


@cache
def callers() -> Mapping[Place, frozenset[Place]]:
    """Who names a function or constant of the service."""
    found: dict[Place, set[Place]] = {}
    for text in sources():
        names = known_names(text)
        for holder, body in bodies(text):
            for node in ast.walk(body):
                if isinstance(node, ast.Name | ast.Attribute):
                    place = names.get(ast.unparse(node))
                    if place is not None and place != (text.path, holder):
                        found.setdefault(place, set()).add((text.path, holder))
    return {place: frozenset(who) for place, who in found.items()}


def bodies(text: Source) -> Iterator[tuple[str, ast.AST]]:
    """The functions and the constants of a module."""
    for function in text.functions:
        yield function.name, function
    for statement in text.tree.body:
        if isinstance(statement, ast.Assign):
            yield ast.unparse(statement.targets[0]), statement


@cache
def reaching(path: str, name: str) -> tuple[str, ...]:
    """The operations whose view is this function or comes to it, nearest first."""
    views = operations()
    seen, front, found = {(path, name)}, [(path, name)], []
    while front:
        found += [views[name] for place, name in front if "/resources/" in place and name in views]
        front = sorted({who for place in front for who in callers().get(place, ())} - seen)
        seen |= set(front)
    return tuple(dict.fromkeys(found))


def sample(labels: Sequence[str], most: int = 4) -> tuple[str, ...]:
    """The nearest operation of each kind: reads one, lists, changes one, makes one, and so on."""
    chosen: dict[tuple[bool, bool, bool], str] = {}
    for label in labels:
        method, path = label.split(" ")
        whole = path.partition(":")[0].endswith("}")
        chosen.setdefault((method == "GET", "{" in path, whole), label)
    return tuple(chosen.values())[:most]


def channels_of(labels: Sequence[str]) -> tuple[int, ...]:
    """The channels through which a flaw in these operations leads to another tenant's objects."""
    found: list[int] = []
    for label in labels:
        method, path = label.split(" ")
        by_id = "{" in path
        if method == "GET":
            found += [1] if by_id else [5]
        elif label.endswith((":search", ":compare")):
            found += [5, 3]
        else:
            found += [2] if by_id else [3]
        # Their objects are behind channels of their own.
        found += [18] if "artifact" in path or "upload" in path else []
        found += [17] if "job" in path or "export" in path or "webhook" in path else []
        found += [19] if "audit" in path else []
    return tuple(dict.fromkeys(found))
