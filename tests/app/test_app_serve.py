"""Does the real server end, and lose a worker, without losing what it has accepted?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread

import httpx
import psycopg2

from gate.testbed.postgresql import PostgreSQL
from gate.testbed.provision import Schema
from gate.testbed.site import Site
from gate.testbed.waiting import until
from tests.app.crews import Crew, crew


@dataclass(slots=True)
class Load:
    """Clients that create projects without a pause. `acknowledged` holds the names."""

    crew: Crew
    key: str
    acknowledged: list[str] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    enough: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    def run(self, who: int) -> None:
        number = 0
        while not self.enough.is_set():
            number += 1
            name = f"{who}-{number}"
            try:
                # A connection for each, as from a load balancer that has just noticed.
                with self.crew.client(self.key) as client:
                    status = client.post("/v1/projects", json={"name": name}).status_code
            except httpx.HTTPError as error:
                with self.lock:
                    self.failed[type(error).__name__] += 1
                continue
            with self.lock:
                if status == 201:
                    self.acknowledged.append(name)
                else:
                    self.failed[str(status)] += 1


@contextmanager
def loaded(crew: Crew, key: str) -> Iterator[Load]:
    load = Load(crew, key)
    threads = [Thread(target=load.run, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.enough.set()
        for thread in threads:
            thread.join()


def stored(postgresql: PostgreSQL, schema: Schema) -> set[str]:
    connection = psycopg2.connect(postgresql.url_for(schema.database))
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM projects")
        names = {name for (name,) in cursor.fetchall()}
    connection.close()
    return names


def test_the_server_says_it_ends_goes_on_answering_and_then_ends_cleanly(
    site: Site, schema: Schema, redis_url: str, postgresql: PostgreSQL
) -> None:
    with crew(site, schema, redis_url, "--drain-seconds", "60") as running:
        key = running.new_owner()
        with running.client() as probe, loaded(running, key) as load:
            assert until(lambda: len(load.acknowledged) > 20, within=30)
            running.child.process.send_signal(signal.SIGTERM)
            assert until(lambda: probe.get("/readyz").status_code == 503, within=30)
            assert int(probe.get("/readyz").headers["Retry-After"]) >= 1
            assert probe.get("/healthz").status_code == 200
            before = len(load.acknowledged)
            assert until(lambda: len(load.acknowledged) > before + 20, within=30)
        # The load balancer has turned away; a second signal skips the rest of the wait.
        assert load.failed == Counter()
        running.child.process.send_signal(signal.SIGTERM)
        assert running.child.wait(within=30) == 0
        assert set(load.acknowledged) <= stored(postgresql, schema)


def test_a_request_that_is_under_way_is_finished(
    site: Site, schema: Schema, redis_url: str, postgresql: PostgreSQL
) -> None:
    with crew(site, schema, redis_url, "--drain-seconds", "0") as running:
        key = running.new_owner()
        with running.client(key) as client:
            project = client.post("/v1/projects", json={"name": "slow"}).json()["id"]
        holder = psycopg2.connect(postgresql.url_for(schema.database))
        holder.cursor().execute("SELECT 1 FROM projects WHERE id = %s FOR UPDATE", [project])

        def change() -> int:
            with running.client(key) as client:
                return client.patch(f"/v1/projects/{project}", json={"name": "new"}).status_code

        with ThreadPoolExecutor(1) as aside:
            answer = aside.submit(change)
            assert until(lambda: waits(postgresql, schema), within=30)
            running.child.process.send_signal(signal.SIGTERM)
            assert until(lambda: "Shutting down" in running.child.log.read_text(), within=30)
            holder.rollback()
            # 503 when the machine is so slow that the wait for the lock was over first.
            assert answer.result(timeout=30) in {200, 503}
        holder.close()
        assert running.child.wait(within=30) == 0


def waits(postgresql: PostgreSQL, schema: Schema) -> bool:
    """Is somebody of the service waiting for a lock?"""
    connection = psycopg2.connect(postgresql.url)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = %s AND usename = %s AND wait_event_type = 'Lock'",
            [schema.database, schema.app_role],
        )
        (count,) = cursor.fetchone() or (0,)
    connection.close()
    return bool(count)


def test_killed_workers_come_back_and_nothing_acknowledged_is_lost(
    site: Site, schema: Schema, redis_url: str, postgresql: PostgreSQL
) -> None:
    with crew(site, schema, redis_url, "--drain-seconds", "0") as running:
        key = running.new_owner()
        with loaded(running, key) as load:
            for _ in range(2):
                assert until(lambda: len(running.workers()) == 2, within=30)
                before, victim = len(load.acknowledged), running.workers()[0]
                victim.kill()
                assert until(lambda v=victim: v not in running.workers(), within=30)  # type: ignore[misc]
                assert until(lambda: len(running.workers()) == 2, within=30)
                assert until(lambda b=before: len(load.acknowledged) > b + 50, within=60)  # type: ignore[misc]
        # One thread per worker: a kill can only cut off what that worker had accepted.
        assert set(load.failed) <= {"RemoteProtocolError", "ReadError", "ConnectError"}
        assert set(load.acknowledged) <= stored(postgresql, schema)


SLOW = """
from pathlib import Path

import app.serve

app.serve.APPLICATION = "never:app"
app.serve.serve(
    host="127.0.0.1", port=0, workers=1, drain_file=Path("draining"), drain_seconds=0
)
"""
NEVER = """
from pathlib import Path
from threading import Event

Path("starting").touch()
Event().wait(60)
"""


def test_the_server_ends_though_a_worker_is_still_starting(tmp_path: Path) -> None:
    (tmp_path / "never.py").write_text(NEVER, encoding="utf-8")
    server = subprocess.Popen([sys.executable, "-c", SLOW], cwd=tmp_path)
    try:
        assert until((tmp_path / "starting").exists, within=30)
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=30) == 0
    finally:
        server.kill()
        server.wait()


def test_a_server_that_is_told_too_little_says_what_and_starts_nothing() -> None:
    told = {"PATH": os.environ["PATH"], "MAESTRO_REDIS_URL": "redis://127.0.0.1:1"}
    command = [sys.executable, "-m", "app", "serve", "--port", "0", "--workers", "1"]
    ended = subprocess.run(command, env=told, capture_output=True, timeout=30, check=False)
    assert ended.returncode == 64
    assert ended.stderr.decode().startswith("MAESTRO_DATABASE_URL is not set")
