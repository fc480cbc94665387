"""What lies behind the service: each defect is really planted, and the live service is clean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
import redis

from gate.check import Answer, Check, Control, Lie, Testbed
from gate.model import Finding, Json, Outcome
from gate.run import run
from gate.testbed.embedded import Embedded
from validators.behind import cache_scan, telemetry_scan
from validators.channels import cache_keys, concurrency, rate_buckets, telemetry
from validators.messages.patience import Relay

CHANNELS = (cache_keys, telemetry, rate_buckets, concurrency)
EACH = pytest.mark.parametrize("channel", CHANNELS, ids=lambda each: each.CHECK.id)


def found(check: Check, record: Any) -> list[Finding]:
    return [said for said in check.judge(record) if isinstance(said, Finding)]


@EACH
def test_maestro_ml_keeps_the_promise(channel: Any, testbed: Embedded) -> None:
    result = run(channel.CHECK, testbed, lambda _: None)
    assert result.findings == ()
    assert result.outcome is Outcome.PASS, (result.doubts, result.failures)


@EACH
def test_no_secret_is_recorded(channel: Any, testbed: Embedded) -> None:
    recorded = "".join(str(each) for each in channel.CHECK.probe(testbed))
    assert [each for each in testbed.secrets if each in recorded] == []


@EACH
def test_a_clean_record_has_no_finding(channel: Any) -> None:
    assert not list(channel.CHECK.judge(channel.CLEAN))


@pytest.mark.parametrize(
    ("channel", "control"),
    [(channel, control) for channel in CHANNELS for control in channel.CHECK.controls],
    ids=lambda value: getattr(value, "defect", ""),
)
def test_each_control_breaks_one_rule(channel: Any, control: Control) -> None:
    assert len({each.rule for each in found(channel.CHECK, control.record)}) == 1


@contextmanager
def entry(testbed: Embedded, key: str, value: str) -> Iterator[None]:
    """A key of the service's real Redis, for as long as the block lasts."""
    with closing(redis.Redis.from_url(testbed.cache_url())) as cache:
        cache.set(key, value)
        try:
            yield
        finally:
            cache.delete(key)


def rules(check: Check, testbed: Testbed) -> set[str]:
    return {each.rule for each in found(check, list(check.probe(testbed)))}


def test_a_key_without_a_tenant_is_found_in_a_real_redis(testbed: Embedded) -> None:
    with entry(testbed, "models:newest", "x"):
        assert rules(cache_keys.CHECK, testbed) == {"key-without-tenant"}


def test_a_key_of_two_tenants_is_found_in_a_real_redis(testbed: Embedded) -> None:
    with entry(testbed, ":".join(("models", *testbed.tenant_ids.values())), "x"):
        assert rules(cache_keys.CHECK, testbed) == {"key-without-tenant"}


def test_a_foreign_value_that_a_list_shows_anyway_is_not_held_against_the_cache(
    testbed: Embedded,
) -> None:
    with testbed.sabotage(Lie.LIST) as liar:
        seen = list(cache_keys.CHECK.probe(liar.testbed))
    assert liar.told
    assert [each for each in seen if each.kind == "poisoned"]
    assert found(cache_keys.CHECK, seen) == []


def test_what_was_over_before_the_look_is_looked_for_once_more(
    testbed: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[Any] = []

    def reads(ground: Any, estate: Any) -> Any:
        rounds.append(estate.client.tenant)
        return read(ground, estate)

    def late(cache: Any) -> dict[bytes, object]:
        return look(cache) if rounds.count(rounds[0]) > cache_scan.ENOUGH else {}

    read, look = cache_scan.own_reads, cache_scan.content
    monkeypatch.setattr(cache_scan, "own_reads", reads)
    monkeypatch.setattr(cache_scan, "content", late)
    seen = list(cache_keys.CHECK.probe(testbed))
    assert [each for each in seen if each.kind == "poisoned"]


def test_the_whole_value_of_every_kind_of_key_is_read(redis_url: str) -> None:
    with closing(redis.Redis.from_url(redis_url)) as cache:
        cache.set("kind:string", "mark")
        cache.hset("kind:hash", "field", "mark")
        cache.rpush("kind:list", "mark")
        cache.sadd("kind:set", "mark")
        cache.zadd("kind:zset", {"mark": 1})
        cache.xadd("kind:stream", {"field": "mark"})
        held = {key: value for key, value in cache_scan.content(cache).items() if b"kind:" in key}
        cache.delete(*held)
    assert len(held) == 6
    assert all("mark" in str(value) for value in held.values())
    assert held[b"kind:string"] == b"mark", "which can be planted elsewhere"


def test_a_refused_look_at_redis_is_no_empty_one(redis_url: str) -> None:
    with closing(redis.Redis.from_url(redis_url)) as cache:
        cache.set("kind:other", "x")
        assert cache_scan.together(cache, [("LRANGE", "kind:other", 0, -1)]) == [""]
        cache.delete("kind:other")
        with pytest.raises(redis.ResponseError):
            cache_scan.together(cache, [("NOSUCH",)])


def test_a_planted_value_is_taken_back(redis_url: str) -> None:
    with closing(redis.Redis.from_url(redis_url)) as cache:
        cache.set("two", "2", ex=50)
        with cache_scan.planted(cache, b"1", b"two"):
            assert cache.get("two") == b"1"
        assert cache.get("two") == b"2"
        assert 0 < int(str(cache.ttl("two"))) <= 50
        cache.delete("two")


def test_a_value_is_planted_also_where_the_former_one_has_ended(redis_url: str) -> None:
    with closing(redis.Redis.from_url(redis_url)) as cache:
        with cache_scan.planted(cache, b"1", b"two"):
            assert cache.get("two") == b"1"
        assert not cache.exists("two")


@dataclass(frozen=True, kw_only=True)
class Loud(Relay):
    """A principal whose every request the service writes down, with all that it holds."""

    log: Any
    other: str

    def ask(
        self,
        method: str,
        path: str,
        body: Json,
        headers: Mapping[str, str] | None,
        timeout: float,
    ) -> Answer:
        answer = self.client.request(method, path, body=body, headers=headers, timeout=timeout)
        name = answer.headers.get("x-request-id", "")
        with self.log.open("a") as log:
            log.write(f"{name} {path} {dict(self.credentials)} {self.other}\n")
        return answer


def test_what_a_real_log_tells_is_found(testbed: Embedded) -> None:
    ground = telemetry_scan.stand(testbed)
    one, two = ground.estates
    log = testbed.telemetry().logs[0]
    other = testbed.tenant_ids[two.client.tenant]
    loud = replace(one, client=Loud(client=one.client, log=log, other=other))
    heard: dict[str, str] = {}
    start = log.stat().st_size
    answer = loud.client.request("GET", f"/{one.canaries.token}")
    heard[answer.headers["x-request-id"]] = one.client.tenant
    counts = telemetry_scan.tally(testbed, telemetry_scan.added(log, start), heard, ground.estates)
    seen = counts["a line of text", one.client.tenant]
    assert (seen["canaries"], seen["credentials"], seen["foreign"]) == (1, 1, 1)


def test_a_label_with_a_tenant_is_found(testbed: Embedded) -> None:
    ground = telemetry_scan.stand(testbed)
    series = [f'requests_total{{tenant="{testbed.tenants[0]}"}}']
    (fact,) = telemetry_scan.look_at_labels(testbed, series, ground.estates, {})
    assert fact.data["marks"] == ["tenant name"]


def test_a_label_with_the_callers_id_is_found(testbed: Embedded) -> None:
    ground = telemetry_scan.stand(testbed)
    said = ground.estates[0].client.request("GET", "/v1/me").json()
    assert isinstance(said, dict)
    marks = dict.fromkeys(telemetry_scan.callers(ground, ground.estates), "who signs in")
    series = [f'requests_total{{who="{said["member_id"]}"}}', 'requests_total{role="owner"}']
    facts = telemetry_scan.look_at_labels(testbed, series[:1], ground.estates, marks)
    assert [fact.data["marks"] for fact in facts] == [["who signs in"]]
    facts = telemetry_scan.look_at_labels(testbed, series[1:], ground.estates, marks)
    assert [fact.data["marks"] for fact in facts] == [[]]
