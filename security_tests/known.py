"""Which objects does the target have by now, so that a request can name them?

A fuzzer that must guess ids sees refusals. What its own requests made, and what the lists of the
document show, is told to it as examples (OpenAPI 3.1, Parameter Object and JSON Schema `examples`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gate.check import Client, NoAnswerError
from gate.model import Json
from security_tests.document import PLACEHOLDER, Route, as_object
from security_tests.fuzz_report import Case

# How far a list is read, and what the fuzzer is told of what was found.
MOST, TOLD = 20, 3
GOOD, DONE, GONE = 200, range(200, 300), frozenset({404, 410})
MAKING, FORGETTING = frozenset({"POST", "PUT"}), frozenset({"DELETE"})
Known = Mapping[str, Json]


def know(client: Client, routes: Sequence[Route], cases: Sequence[Case]) -> list[Known]:
    """What exists by now, as the lists say, and as what was made says of itself."""
    made = [each for case in cases if (each := made_by(case, routes))]
    return [*walk(client, routes), *living(client, routes, made)]


def made_by(case: Case, routes: Sequence[Route]) -> Known:
    """The object that a request made or changed, with the parents in its path; {} for none."""
    path = case.operation.partition(" ")[2]
    answer = parsed(case.answer)
    name = named_by(Route(method="GET", path=path, secured=True), routes)
    value = answer.get(name, answer.get("id"))
    if case.method not in MAKING or case.status not in DONE or not isinstance(value, (str, int)):
        return {}
    return {**places_in(path, case.path.partition("?")[0]), name: value} if name else {}


def parsed(text: str) -> Mapping[str, Json]:
    """A JSON object, {} for anything else."""
    try:
        return as_object(json.loads(text))
    except ValueError:
        return {}


def places_in(template: str, path: str) -> dict[str, Json]:
    """The values of a path's parameters, numbers as such."""
    names = [match[1:-1] for match in PLACEHOLDER.findall(template)]
    shape = "([^/]+?)".join(map(re.escape, PLACEHOLDER.split(template)))
    match = re.fullmatch(shape, path)
    found = match.groups() if match else ()
    return {n: int(v) if v.isdigit() else v for n, v in zip(names, found, strict=False)}


def living(client: Client, routes: Sequence[Route], made: Sequence[Known]) -> Iterator[Known]:
    """The newest of what was made, of each kind, as long as reading it does not answer 404."""
    kinds = {tuple(each): [one for one in made if one.keys() == each.keys()] for each in made}
    for same in kinds.values():
        readers = [each for each in routes if each.method == "GET" and shows(each, same[0])]
        for each in same[-MOST:]:
            asked = (status_of(client, filled(route.path, each)) for route in readers[:1])
            if not any(status in GONE for status in asked):
                yield each


def shows(route: Route, known: Known) -> bool:
    """Does the route show the object that the last of these values names?"""
    name = list(known)[-1]
    return route.path.endswith(f"{{{name}}}") and names_in(route.path) <= known.keys()


def status_of(client: Client, path: str) -> int:
    """What a read answers, 0 for nothing."""
    try:
        return client.request("GET", path).status
    except NoAnswerError:
        return 0


def walk(client: Client, routes: Sequence[Route]) -> list[Known]:
    """What to put in the place of parameters: each entry belongs together, `{model_id, version}`.

    From the lists without parameters to those of what was found there, twenty items of each.
    """
    found: list[Known] = []
    lists = [route for route in routes if route.method == "GET" and named_by(route, routes)]
    while ready := [route for route in lists if fitting(found, names_in(route.path))]:
        lists = [route for route in lists if route not in ready]
        for route in ready:
            for place in fitting(found, names_in(route.path)):
                found += read_list(client, route, named_by(route, routes), place)
    return found


def fitting(found: Sequence[Known], names: frozenset[str]) -> list[Known]:
    """The newest entries that know all of these names; without names one that knows nothing."""
    return [each for each in found if names <= each.keys()][-MOST:] if names else [{}]


def named_by(collection: Route, routes: Iterable[Route]) -> str:
    """The parameter that stands for one item of a list, as other paths have it; "" for none."""
    noun = collection.path.rpartition("/")[2]
    shape = re.compile(rf"/{re.escape(noun)}/{{([^}}]*)}}(?=[/:]|$)")
    found = (shape.search(route.path) for route in routes)
    return next((match[1] for match in found if match), "") if "{" not in noun else ""


def read_list(client: Client, route: Route, name: str, place: Known) -> Iterator[Known]:
    """The first items of a list, each with the parents that it hangs below."""
    try:
        answer = client.request("GET", filled(route.path, place))
    except NoAnswerError:
        return
    items = items_of(answer.json()) if answer.status == GOOD else []
    for item in reversed(items[:MOST]):
        value = as_object(item).get(name, as_object(item).get("id"))
        if isinstance(value, (str, int)):
            yield {**place, name: value}


def items_of(body: Json) -> list[Json]:
    """The list that an answer is, or that is in it."""
    values = [body, *as_object(body).values()]
    return next((value for value in values if isinstance(value, list)), [])


def names_in(path: str) -> frozenset[str]:
    """The names of a path's parameters."""
    return frozenset(match[1:-1] for match in PLACEHOLDER.findall(path))


def filled(path: str, values: Known) -> str:
    """The path with known values in the place of its parameters."""
    return PLACEHOLDER.sub(lambda match: str(values[match[0][1:-1]]), path)


def with_examples(document: Mapping[str, Json], found: Sequence[Known]) -> dict[str, Json]:
    """The document with what is known as examples, but for operations that make it unknown."""
    copy: dict[str, Json] = json.loads(json.dumps(dict(document)))
    for path, item in as_object(copy.get("paths", {})).items():
        for method, operation in as_object(item).items():
            if method.upper() not in FORGETTING and isinstance(operation, dict):
                exemplify(path, operation, found)
    schemas = as_object(as_object(copy.get("components", {})).get("schemas", {}))
    for schema in schemas.values():
        exemplify_fields(as_object(schema), found)
    return copy


def exemplify(path: str, operation: Mapping[str, Json], found: Sequence[Known]) -> None:
    """Give the path's parameters values that belong together; they are used in step."""
    chosen = fitting(found, names_in(path))[-TOLD:]
    parameters = operation.get("parameters")
    for parameter in parameters if isinstance(parameters, list) and chosen else ():
        if isinstance(parameter, dict) and parameter.get("in") == "path":
            values = [each[str(parameter["name"])] for each in chosen]
            parameter["examples"] = {str(n): {"value": value} for n, value in enumerate(values)}


def exemplify_fields(schema: Mapping[str, Json], found: Sequence[Known]) -> None:
    """Give fields that are named like parameters values of one entry, which knows most of them."""
    fields = as_object(schema.get("properties", {}))
    best = max(reversed(found), key=lambda each: len(each.keys() & fields.keys()), default={})
    for name in best.keys() & fields.keys():
        field = fields[name]
        if isinstance(field, dict):
            field["examples"] = [best[name]]
