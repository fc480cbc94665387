"""What happens around an upload while the store of artifacts takes its time?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.artifacts.store import Store, out_of_reach
from app.artifacts.sweep import sweep_uploads
from app.config import Config
from app.context import NAME
from app.database import Scope, db, enter
from app.factory import create_app
from app.models.base import now
from tests.app.callers import (
    BYTES,
    Caller,
    begin_upload,
    build_world,
    send_parts,
    upload_artifact,
)

SHA256 = {"sha256": hashlib.sha256(BYTES).hexdigest()}
KEY = {"Idempotency-Key": "once"}
CALLS = {"begin", "part_url", "put", "missing", "finish", "abort"}


@dataclass(slots=True)
class SlowStore:
    """A store in which something else can happen before a call of it goes on, or when it ends."""

    store: Store
    meanwhile: dict[str, Callable[[], None]] = field(default_factory=dict)
    afterwards: dict[str, Callable[[], None]] = field(default_factory=dict)
    called: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> Any:
            self.called.append(name)
            self.meanwhile.get(name, lambda: None)()
            result = getattr(self.store, name)(*arguments)
            self.afterwards.get(name, lambda: None)()
            return result

        return call


@pytest.fixture
def slow(config: Config) -> Iterator[APIFlask]:
    """A service that has one database connection and such a store."""
    app = create_app(replace(config, pool_size=1))
    context = app.extensions[NAME]
    app.extensions[NAME] = replace(context, store=SlowStore(context.store))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def store(slow: APIFlask) -> SlowStore:
    found: SlowStore = slow.extensions[NAME].store
    return found


@pytest.fixture
def caller(slow: APIFlask, owner: Caller) -> Caller:
    return Caller(slow.test_client(), owner.key)


@pytest.fixture
def run(owner: Caller) -> str:
    return build_world(owner, "own").run_id


@pytest.fixture
def upload(caller: Caller, run: str) -> str:
    """An upload that can be completed."""
    begun = begin_upload(caller, run, "weights")
    send_parts(caller, begun)
    identity: str = begun["id"]
    return identity


def complete(caller: Caller, upload: str, **more: Any) -> Any:
    return caller.ask("POST", f"/v1/uploads/{upload}:complete", SHA256, **more)


@pytest.mark.parametrize("headers", [{}, KEY], ids=["plain", "idempotent"])
def test_no_database_connection_waits_for_the_store(
    caller: Caller, store: SlowStore, owner: Caller, run: str, headers: dict[str, str]
) -> None:
    """With the only connection taken, a read meanwhile would be a 503."""
    other = Caller(caller.client.application.test_client(), owner.key)
    statuses = []

    def read() -> None:
        statuses.append(other.ask("GET", f"/v1/runs/{run}").status_code)

    store.meanwhile = dict.fromkeys(CALLS, read)
    wanted = {"run_id": run, "path": "weights", "size": len(BYTES)}
    begun = caller.ask("POST", "/v1/uploads", wanted, headers=headers).get_json()
    send_parts(caller, begun)
    assert complete(caller, begun["id"], headers=headers).status_code == 201
    given_up = begin_upload(caller, run, "other")["id"]
    assert caller.ask("DELETE", f"/v1/uploads/{given_up}").status_code == 204
    assert set(store.called) == CALLS
    assert set(statuses) == {200}


def test_an_upload_that_is_being_completed_says_so(
    caller: Caller, store: SlowStore, upload: str
) -> None:
    answers = []

    def again() -> None:
        answers.append(complete(caller, upload))
        raw = {"data": BYTES, "content_type": "application/octet-stream"}
        answers.append(caller.ask("PUT", f"/v1/uploads/{upload}/parts/1", **raw))

    store.meanwhile["finish"] = again
    assert complete(caller, upload).status_code == 201
    assert [each.status_code for each in answers] == [409, 409]
    assert {each.get_json()["code"] for each in answers} == {"upload-completing"}
    assert {each.headers["Retry-After"] for each in answers} == {"1"}
    assert complete(caller, upload).status_code == 404


def test_a_request_in_flight_stays_so_while_the_store_works(
    caller: Caller, store: SlowStore, run: str
) -> None:
    wanted = {"run_id": run, "path": "weights", "size": len(BYTES)}
    answers = []

    def begin() -> Any:
        return caller.ask("POST", "/v1/uploads", wanted, headers=KEY)

    store.meanwhile["begin"] = lambda: answers.append(begin())
    first = begin()
    store.meanwhile.clear()
    (during,), after = answers, begin()
    assert (first.status_code, during.status_code, after.status_code) == (201, 409, 201)
    assert during.get_json()["code"] == "request-in-flight"
    assert after.get_json() == first.get_json()
    assert after.headers["Idempotent-Replayed"] == "true"
    assert store.called.count("begin") == 1


def test_a_request_that_the_store_failed_may_be_repeated_with_its_key(
    caller: Caller, store: SlowStore, run: str
) -> None:
    wanted = {"run_id": run, "path": "weights", "size": len(BYTES)}
    store.meanwhile["begin"] = fail
    failed = caller.ask("POST", "/v1/uploads", wanted, headers=KEY)
    store.meanwhile.clear()
    repeated = caller.ask("POST", "/v1/uploads", wanted, headers=KEY)
    assert (failed.status_code, repeated.status_code) == (503, 201)
    assert "Idempotent-Replayed" not in repeated.headers


class DiedError(BaseException):
    """What no handler sees."""


def die() -> None:
    raise DiedError


def test_a_key_is_free_a_minute_after_its_worker_died(
    caller: Caller, store: SlowStore, run: str, superuser: Cursor
) -> None:
    wanted = {"run_id": run, "path": "weights", "size": len(BYTES)}
    store.meanwhile["begin"] = die
    with pytest.raises(DiedError):
        caller.ask("POST", "/v1/uploads", wanted, headers=KEY)
    store.meanwhile.clear()
    assert caller.ask("POST", "/v1/uploads", wanted, headers=KEY).status_code == 409
    superuser.execute(
        "UPDATE kept_answers SET created_at = created_at - interval '1 minute' WHERE status = 0"
    )
    assert caller.ask("POST", "/v1/uploads", wanted, headers=KEY).status_code == 201


def test_an_upload_that_is_given_up_while_it_is_completed_becomes_nothing(
    caller: Caller, store: SlowStore, upload: str, run: str, config: Config
) -> None:
    def give_up() -> None:
        assert caller.ask("DELETE", f"/v1/uploads/{upload}").status_code == 204

    store.afterwards["finish"] = give_up
    assert complete(caller, upload).status_code == 404
    assert bytes_of(config, upload) == []
    (left,) = caller.read(f"/v1/runs/{run}/artifacts")["items"]
    assert left["path"] == "own.bin"


def bytes_of(config: Config, upload: str) -> list[Path]:
    return list(Path(str(config.artifact_dir)).rglob(upload))


def test_a_path_that_was_taken_meanwhile_leaves_no_bytes(
    caller: Caller, store: SlowStore, upload: str, run: str, config: Config
) -> None:
    other = begin_upload(caller, run, "weights")
    send_parts(caller, other)

    def overtake() -> None:
        store.meanwhile.clear()
        assert complete(caller, other["id"]).status_code == 201

    store.meanwhile["finish"] = overtake
    assert complete(caller, upload).get_json()["code"] == "already-exists"
    assert bytes_of(config, upload) == []
    assert complete(caller, upload).status_code == 404


@pytest.mark.parametrize("swept", [False, True], ids=["by its owner", "by the purge"])
def test_what_a_dead_worker_left_of_an_upload_can_be_removed(
    caller: Caller, store: SlowStore, upload: str, config: Config, *, swept: bool
) -> None:
    """It died after it had made the object and before it had written so."""
    store.afterwards["finish"] = die
    with pytest.raises(DiedError):
        complete(caller, upload)
    assert complete(caller, upload).status_code == 409
    assert len(bytes_of(config, upload)) == 1
    if swept:
        tenant_id = UUID(caller.read("/v1/me")["tenant_id"])
        with caller.client.application.app_context():
            enter(Scope(tenant_id))
            assert sweep_uploads(db.session.connection(), store.store, tenant_id, now()) == 2
            db.session.commit()
    else:
        assert caller.ask("DELETE", f"/v1/uploads/{upload}").status_code == 204
    assert bytes_of(config, upload) == []
    assert complete(caller, upload).status_code == 404


def test_an_upload_whose_end_the_database_does_not_hear_stays_removable(
    caller: Caller, upload: str, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OperationalError("", {}, Exception())

    monkeypatch.setattr("app.resources.uploads._record", fail)
    assert complete(caller, upload).status_code == 503
    assert bytes_of(config, upload) == []
    assert complete(caller, upload).status_code == 404


def fail() -> None:
    raise out_of_reach()


def test_a_deletion_that_is_committed_is_answered_so_though_the_store_is_down(
    caller: Caller, store: SlowStore, run: str, upload: str
) -> None:
    """The bytes stay without a row, as after a crash; a 500 would tell that nothing was done."""
    artifact = upload_artifact(caller, run, "gone")["id"]
    store.meanwhile = {"delete": fail, "abort": fail}
    assert caller.ask("DELETE", f"/v1/artifacts/{artifact}").status_code == 204
    assert caller.ask("DELETE", f"/v1/uploads/{upload}").status_code == 204
    assert caller.ask("DELETE", f"/v1/artifacts/{artifact}").status_code == 404


@pytest.mark.parametrize(("error", "status"), [(PoolTimeoutError(), 503), (OSError(), 500)])
def test_an_upload_is_over_whatever_its_completion_runs_into(
    caller: Caller,
    upload: str,
    config: Config,
    monkeypatch: pytest.MonkeyPatch,
    *,
    error: Exception,
    status: int,
) -> None:
    """Else it would be being completed for ever."""

    def run_into(*_: Any) -> None:
        raise error

    monkeypatch.setattr("app.resources.uploads._record", run_into)
    assert complete(caller, upload).status_code == status
    assert bytes_of(config, upload) == []
    assert complete(caller, upload).status_code == 404
