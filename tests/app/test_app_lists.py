"""Does paging show everything once, and only to whom it belongs?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.app.callers import Caller


def pages(caller: Caller, path: str) -> Iterator[list[str]]:
    cursor: str | None = ""
    while cursor is not None:
        page = caller.read(f"{path}{cursor}")
        yield [item["id"] for item in page["items"]]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"


def walk(caller: Caller, path: str) -> list[str]:
    return [each for page in pages(caller, path) for each in page]


def test_pages_show_every_item_once_newest_first(owner: Caller) -> None:
    made = [owner.make("/v1/projects", name=f"p{number}")["id"] for number in range(7)]
    for limit in (1, 2, 3, 7, 200):
        assert walk(owner, f"/v1/projects?limit={limit}") == sorted(made, reverse=True)


def test_a_filter_narrows_a_list(owner: Caller) -> None:
    project = owner.make("/v1/projects", name="p")["id"]
    experiment = owner.make(f"/v1/projects/{project}/experiments", name="e")["id"]
    runs = [owner.make(f"/v1/experiments/{experiment}/runs", name="r")["id"] for _ in range(5)]
    for run in runs[:3]:
        owner.ask("PATCH", f"/v1/runs/{run}", {"status": "failed"})
    path = f"/v1/experiments/{experiment}/runs"
    assert set(walk(owner, f"{path}?status=failed&limit=2")) == set(runs[:3])
    assert len(walk(owner, f"{path}?limit=2")) == 5


def test_a_cursor_is_worth_nothing_elsewhere(
    owner: Caller, new_owner: Callable[..., Caller]
) -> None:
    for number in range(3):
        owner.make("/v1/projects", name=f"p{number}")
    project = owner.read("/v1/projects?limit=1")["items"][0]["id"]
    cursor = owner.read("/v1/projects?limit=1")["next_cursor"]
    elsewhere = [
        new_owner().ask("GET", f"/v1/projects?cursor={cursor}"),
        owner.ask("GET", f"/v1/members?cursor={cursor}"),
        owner.ask("GET", f"/v1/projects/{project}/models?cursor={cursor}"),
        owner.ask("GET", f"/v1/projects?cursor={cursor}x"),
        owner.ask("GET", "/v1/projects?cursor=x"),
    ]
    assert [answer.status_code for answer in elsewhere] == [404] * 5
    assert owner.ask("GET", f"/v1/projects?cursor={cursor}").status_code == 200


def test_a_cursor_is_bound_to_its_filter(owner: Caller) -> None:
    project = owner.make("/v1/projects", name="p")["id"]
    experiment = owner.make(f"/v1/projects/{project}/experiments", name="e")["id"]
    path = f"/v1/experiments/{experiment}/runs"
    for _ in range(2):
        owner.make(path, name="r")
    cursor = owner.read(f"{path}?limit=1")["next_cursor"]
    assert owner.ask("GET", f"{path}?cursor={cursor}&status=running").status_code == 404


def test_the_operator_lists_tenants_page_by_page(
    operator: Caller, new_owner: Callable[..., Caller]
) -> None:
    """Only until these are seen: all tenants of the suite are more pages than a minute allows."""
    made = {new_owner().read("/v1/me")["tenant_id"] for _ in range(3)}
    left = set(made)
    for page in pages(operator, "/v1/tenants?limit=2"):
        left -= set(page)
        if not left:
            break
    assert not left
