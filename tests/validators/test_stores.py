"""Stores, jobs and neighbours: each defect is really found, and the live service is clean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg2
import pytest
import redis
from psycopg2 import sql

from app.webhooks.signing import Signer
from gate.check import Check, Control
from gate.journal import Entry
from gate.model import Doubt, Finding, Json, Observation, Outcome
from gate.run import gather, judge, run
from gate.testbed.embedded import Embedded
from gate.testbed.external import OFFERS
from tests.make import Stub
from validators.behind import leftovers_probe
from validators.behind.receiver import Delivery, receiving
from validators.behind.stores import CACHE, FILES, LOG, Trail, search
from validators.channels import handoffs, leftovers

CHANNELS = (handoffs, leftovers)
EACH = pytest.mark.parametrize("channel", CHANNELS, ids=lambda each: each.CHECK.id)
TRAIL = Trail(
    tenant_id="0190f3a1-7c3e-7d11-9a55-3f2b1c4d5e6f",
    token="kleftover0001",
    names=("an-id-of-its-own",),
)


def said(check: Check, record: Any, kind: type) -> list[Any]:
    return [each for each in check.judge(record) if isinstance(each, kind)]


@EACH
def test_maestro_ml_keeps_the_promise_and_no_secret_is_recorded(
    channel: Any, testbed: Embedded
) -> None:
    recorded: list[Entry] = []
    result = run(channel.CHECK, testbed, recorded.append)
    assert result.findings == ()
    assert result.outcome is Outcome.PASS, (result.doubts, result.failures)
    assert [each for each in testbed.secrets if each in str(recorded)] == []


@EACH
def test_a_clean_record_has_no_finding(channel: Any) -> None:
    assert not said(channel.CHECK, channel.CLEAN, Finding)
    assert not said(channel.CHECK, channel.CLEAN, Doubt)


@pytest.mark.parametrize(
    ("channel", "control"),
    [(channel, control) for channel in CHANNELS for control in channel.CHECK.controls],
    ids=lambda value: getattr(value, "defect", ""),
)
def test_each_control_breaks_one_rule(channel: Any, control: Control) -> None:
    assert len({each.rule for each in said(channel.CHECK, control.record, Finding)}) == 1


@EACH
def test_a_target_known_by_http_only_is_not_passed(channel: Any) -> None:
    bed = Stub()
    outside = replace(bed, target=replace(bed.target, offers=OFFERS))
    result = judge(channel.CHECK, gather(channel.CHECK, outside, lambda _: None))
    assert result.lacking
    assert result.outcome is not Outcome.PASS


def changed(record: Any, kind: str, **change: Json) -> list[Observation]:
    return [
        replace(each, data={**each.data, **change}) if each.kind == kind else each
        for each in record
    ]


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        ("left", {"done": False}, "the deletion did not end in time"),
        ("credential", {"before": 0}, "the credential was never good"),
        ("store", {"before": 0}, "it held nothing of the tenant before either"),
    ],
)
def test_a_deletion_that_shows_nothing_is_in_doubt(
    kind: str, change: dict[str, Json], reason: str
) -> None:
    record = changed(leftovers.CLEAN, kind, **change)
    assert {each.reason for each in said(leftovers.CHECK, record, Doubt)} == {reason}


def test_what_is_kept_on_purpose_is_the_service_s_log_alone() -> None:
    assert set(leftovers.KEPT) == {LOG}


@contextmanager
def row(testbed: Embedded, *values: str) -> Iterator[None]:
    """A table of the live database that a migration forgot, with one row."""
    with closing(psycopg2.connect(testbed.database().url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE forgotten (a jsonb, b bytea)")
            try:
                cursor.execute("INSERT INTO forgotten VALUES (%s, %s)", values)
                yield
            finally:
                cursor.execute(sql.SQL("DROP TABLE forgotten"))


@pytest.mark.parametrize(
    "values",
    [
        (f'{{"note": "{TRAIL.token}007"}}', b""),
        (f'["{TRAIL.tenant_id}"]', b""),
        (f'"{UUID(TRAIL.tenant_id).hex}"', b""),
        ('{"of": "an-id-of-its-own"}', b""),
        ("[]", TRAIL.token.encode()),
    ],
)
def test_a_row_is_found_by_any_mark_in_any_column(values: Any, testbed: Embedded) -> None:
    with row(testbed, *values):
        assert search(testbed, TRAIL, ())["table public.forgotten"] == 1


def test_a_row_of_somebody_else_is_not_counted(testbed: Embedded) -> None:
    with row(testbed, *('{"note": "kleftover0002"}', b"")):
        assert search(testbed, TRAIL, ())["table public.forgotten"] == 0


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (f"cache:{TRAIL.tenant_id}:1", "x"),
        ("cache:1", TRAIL.token),
        ("cache:2", UUID(TRAIL.tenant_id).bytes),
    ],
)
def test_an_entry_is_found_by_key_and_by_value(
    key: str, value: str | bytes, testbed: Embedded
) -> None:
    with closing(redis.Redis.from_url(testbed.cache_url())) as cache:
        cache.set(key, value)
        try:
            assert search(testbed, TRAIL, ())[CACHE] == 1
        finally:
            cache.delete(key)


@pytest.mark.parametrize(
    ("path", "content"), [(TRAIL.tenant_id, ""), ("objects", f"bytes of {TRAIL.token}001")]
)
def test_a_file_is_found_by_path_and_by_content(
    path: str, content: str, testbed: Embedded, tmp_path: Path
) -> None:
    (tmp_path / path).write_text(content)
    assert search(testbed, TRAIL, (tmp_path,))[FILES] == 1


def test_a_line_after_the_end_is_told_from_those_before(testbed: Embedded) -> None:
    text = f"{TRAIL.token}004\nworks for {TRAIL.tenant_id}\nnothing\n"
    told = leftovers_probe.tell_log(testbed, text, TRAIL)
    assert told.data == {"lines": 3, "content": 1, "named": 1}


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        ("parties", {"distinct": False}, "both tenants are one"),
        ("export", {"own": False}, "an export lacks its own tenant's marks"),
        ("read", {"owner": 503}, "its owner got 503"),
        ("webhook", {"own": 2}, "one heard 2 events of its own"),
    ],
)
def test_a_handoff_that_did_not_reach_its_owner_is_in_doubt(
    kind: str, change: dict[str, Json], reason: str
) -> None:
    record = changed(handoffs.CLEAN, kind, **change)
    assert {each.reason for each in said(handoffs.CHECK, record, Doubt)} == {reason}


def test_a_signature_is_known_by_its_own_secret_only() -> None:
    tenant, webhook = uuid4(), uuid4()
    mine, other = (Signer.of(master, tenant, webhook) for master in ("one", "two"))
    headers = mine.headers("delivery", 1_700_000_000, b"{}")
    delivery = Delivery("/one", headers, b"{}")
    assert delivery.is_signed(mine.secret)
    assert not delivery.is_signed(other.secret)
    assert not delivery.is_signed("whsec_no secret")
    assert not replace(delivery, body=b"{ }").is_signed(mine.secret)
    assert not replace(delivery, headers={}).is_signed(mine.secret)


def test_what_is_posted_is_kept_with_the_path_that_it_came_to() -> None:
    with receiving() as receiver:
        answer = httpx.post(
            f"{receiver.base_url}/one", content=b"event", headers={"Webhook-Id": "7"}
        )
    (delivery,) = receiver.at("/one")
    assert answer.status_code == 204
    assert (delivery.body, delivery.headers["webhook-id"]) == (b"event", "7")
    assert receiver.at("/two") == []


def test_a_guest_is_one_of_the_cast_for_as_long_as_it_stays(testbed: Embedded) -> None:
    with testbed.guest() as guest:
        seat = (guest.owner.tenant, "owner")
        assert testbed.actor(*seat) is guest.owner
    assert seat not in testbed.cast.present
    assert guest.owner.credentials
    assert testbed.tenants == ("acme", "globex")
