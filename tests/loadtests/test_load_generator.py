from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread

import psutil
import pytest

from gate.testbed.ports import reserve
from gate.testbed.site import Site
from loadtests.generate import GeneratorError, generate
from loadtests.plan import Plan, read_rows
from loadtests.profiles import SHORT, Profile
from loadtests.second import Second

TINY = replace(SHORT, rate=40, warm_up=0, seconds=2, clients=4, patience=1.0)
Answer = Callable[[int], int]


class Target(ThreadingHTTPServer):
    """A real HTTP server that answers the n-th request as it is told."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, answer: Answer) -> None:
        self.answer, self.lock, self.seen = answer, Lock(), list[str]()
        super().__init__(("127.0.0.1", port), Exchange)


class Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Target

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        with self.server.lock:
            self.server.seen.append(str(self.headers.get("authorization")))
            number = len(self.server.seen)
        self.send_response(self.server.answer(number))
        self.send_header("content-length", "0")
        self.end_headers()

    do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def target(answer: Answer) -> Iterator[Target]:
    with reserve() as port, Target(port, answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def plan(server: Target, folder: Path, profile: Profile = TINY) -> Plan:
    return Plan(
        profile=profile,
        seed=5,
        base_url=f"http://127.0.0.1:{server.server_address[1]}",
        paths={each.name: ("/a", "/b") for each in profile.operations},
        rows=str(folder / "rows.jsonl"),
        headers={"authorization": "Bearer s3cret"},
    )


def load(site: Site, server: Target, folder: Path, profile: Profile = TINY) -> list[Second]:
    orders = plan(server, folder, profile)
    generate(orders, folder, site.run_tool)
    return [row.expand() for row in read_rows(Path(orders.rows))]


def test_every_arrival_is_sent_once_signed_in_and_no_credential_stays(
    site: Site, tmp_path: Path
) -> None:
    with target(lambda number: 503 if number == 9 else 200) as server:
        rows = load(site, server, tmp_path)
    assert server.seen == ["Bearer s3cret"] * TINY.arrivals
    assert sum(row.arrivals for row in rows) == TINY.arrivals
    assert sum(row.statuses.get("503", 0) for row in rows) == 1
    assert sum(row.statuses.get("200", 0) for row in rows) == TINY.arrivals - 1
    assert not any(row.dropped for row in rows)
    assert {each.name for each in tmp_path.iterdir()} == {"rows.jsonl"}
    assert "s3cret" not in (site.logs / "locust.log").read_text()


def test_a_stall_shows_in_latency_where_service_times_omit_it(site: Site, tmp_path: Path) -> None:
    held = Event()

    def stall(number: int) -> int:
        if number == 20:
            held.wait(0.8)
            held.set()
        elif 20 < number < 24:
            held.wait(0.8)
        return 200

    with target(stall) as server:
        rows = load(site, server, tmp_path)
    slow = sum(value > 100 for row in rows for value in row.latencies)
    slow_service = sum(value > 100 for row in rows for value in row.service)
    # Four clients wait for the server, and some 20 other arrivals wait for the clients; a machine
    # that stalls adds to both.
    assert slow - slow_service > 10
    assert any(row.late for row in rows)


def test_a_service_that_never_answers_ends_the_load_with_dropped_arrivals(
    site: Site, tmp_path: Path
) -> None:
    released = Event()

    def hang(_: int) -> int:
        released.wait(30)
        return 200

    with target(hang) as server:
        try:
            rows = load(site, server, tmp_path, replace(TINY, seconds=1, patience=0.5))
        finally:
            released.set()
    assert sum(row.dropped for row in rows) > 0
    assert all(len(row.latencies) == row.arrivals for row in rows)
    assert sum(row.statuses.get("0", 0) for row in rows) > 0


def test_a_generator_that_fails_says_so_and_leaves_neither_process_nor_plan(
    site: Site, tmp_path: Path
) -> None:
    with target(lambda _: 200) as server:
        brief = replace(TINY, seconds=1, patience=0.2)
        broken = replace(plan(server, tmp_path, brief), rows=str(tmp_path / "no" / "rows"))
        with pytest.raises(GeneratorError, match="no complete result"):
            generate(broken, tmp_path, site.run_tool)
    assert not (tmp_path / "plan.json").exists()
    assert not [each for each in psutil.Process().children() if "locust" in each.cmdline()]
