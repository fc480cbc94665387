"""Which requests are measured, on which objects of a seeded tenant?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gate.check import Client
from gate.errors import SetupError
from gate.model import Json
from loadtests.bench.orders import Sends

LARGEST_PAGE, READ_RUNS, SEARCH = 200, 1000, "/v1/runs:search"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One kind of request.

    `size` is how many points a log has, `within` the experiment that is searched.
    """

    name: str
    method: str
    paths: tuple[str, ...]
    sends: Sends | None = None
    size: int = 0
    within: str = ""


def cases(client: Client) -> tuple[Case, ...]:
    """All cases, on what the seed has made: the huge experiment, others, and models."""
    (project,) = ids(client, "/v1/projects", 1)
    experiments = named(client, f"/v1/projects/{project}/experiments")
    middling, huge, small = (experiments[f"experiment {number}"] for number in (0, 1, 2))
    read = ids(client, f"/v1/experiments/{huge}/runs", READ_RUNS)
    written = ids(client, f"/v1/experiments/{middling}/runs", READ_RUNS)
    models = ids(client, f"/v1/projects/{project}/models", LARGEST_PAGE)
    logs = tuple(f"/v1/runs/{run}/log" for run in written)
    runs = tuple(f"/v1/runs/{run}" for run in read)
    return (
        Case(name="get run", method="GET", paths=runs),
        Case(name="get model", method="GET", paths=tuple(f"/v1/models/{id}" for id in models)),  # noqa: A001
        Case(name="list 50 of 50,000 runs", method="GET", paths=(f"/v1/experiments/{huge}/runs",)),
        Case(
            name="list by status",
            method="GET",
            paths=(f"/v1/experiments/{huge}/runs?status=failed",),
        ),
        Case(name="log 10 points", method="POST", paths=logs, sends="points", size=10),
        Case(name="log 100 points", method="POST", paths=logs, sends="points", size=100),
        Case(
            name="create run",
            method="POST",
            paths=(f"/v1/experiments/{small}/runs",),
            sends="run",
        ),
        search("search in 1,000 runs", middling),
        search("search in 50,000 runs", huge),
    )


def search(name: str, experiment: str) -> Case:
    """Find the best 50 of an experiment's finished runs by a metric."""
    return Case(name=name, method="POST", paths=(SEARCH,), sends="search", within=experiment)


def items(client: Client, path: str) -> Iterator[Mapping[str, Json]]:
    """Everything in a list, page by page; SetupError when a page does not come."""
    cursor = ""
    while True:
        answer = client.request("GET", f"{path}?limit={LARGEST_PAGE}{cursor}")
        page = answer.json()
        found = page.get("items") if isinstance(page, dict) else None
        if not isinstance(page, dict) or not isinstance(found, list):
            raise SetupError(f"GET {path} answered {answer.status}: {answer.body[:200]}")
        yield from (item for item in found if isinstance(item, dict))
        if not page["next_cursor"]:
            return
        cursor = f"&cursor={page['next_cursor']}"


def ids(client: Client, path: str, most: int) -> list[str]:
    """The ids of the first items of a list."""
    return [str(item["id"]) for item, _ in zip(items(client, path), range(most), strict=False)]


def named(client: Client, path: str) -> dict[str, str]:
    """Ids by name."""
    return {str(item["name"]): str(item["id"]) for item in items(client, path)}
