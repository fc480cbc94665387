"""Does a key end when the time is over that it was made for?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg2
from psycopg2 import sql

from gate.check import Testbed
from gate.model import Json, Observation
from validators.credentials.ended_credentials import control, outlived
from validators.document.names import words_of
from validators.document.operations import Object, Operation, as_object
from validators.document.schemas import kind_of
from validators.estates.estate import Estate
from validators.estates.ground import Duel
from validators.estates.throwaways import Pass, issue, makers, witness
from validators.messages.traces import scalars

ENDING = frozenset({"expires", "expiry", "expiration", "expire", "ttl", "lifetime"})
UNITS = {"minute": 60, "hour": 3600, "day": 86_400, "week": 604_800, "month": 2_592_000,
         "year": 31_536_000}  # fmt: skip
SOON = 4
COLUMNS = """
SELECT table_schema, table_name, column_name FROM information_schema.columns
JOIN information_schema.tables USING (table_schema, table_name)
WHERE data_type LIKE 'timestamp%%' AND table_type = 'BASE TABLE'
AND table_schema NOT IN ('pg_catalog', 'information_schema') AND column_name = ANY(%s)
"""


def expiries(duel: Duel) -> Iterator[Observation]:
    """A key with an end, looked at after it.

    Where the service takes an end of a few seconds, that is waited for. Where it takes days only
    and its database is at hand, the end that it shows is moved into the past there.
    """
    for maker in makers(duel):
        found = ending_of(duel.victim, maker)
        if found is None:
            continue
        name, value, seconds = found
        holder = issue(duel, maker, **{name: value})
        opened = witness(duel, holder) if holder else None
        if holder is None or opened is None:
            yield duel.note("unreached", maker, reason=f"no key with {name} could be had")
            continue
        before = holder.call(duel.ground, opened)
        if seconds > SOON and not is_moved(duel.ground.testbed, holder):
            yield duel.note("not-applicable", maker, reason=f"its end ({name}) is too far away")
            continue
        time.sleep(seconds if seconds <= SOON else 0.0)
        yield control(duel, maker, before)
        yield outlived(duel, maker, holder, opened, before, f"# after its end ({name})")


def ending_of(estate: Estate, maker: Operation) -> tuple[str, Json, int] | None:
    """The field that says when a key ends, its nearest value, and how many seconds that is."""
    properties = as_object(estate.author.simplify(dict(maker.body)).get("properties"))
    for name, each in properties.items():
        schema, words = estate.author.simplify(each), words_of(name)
        if not ENDING & set(words):
            continue
        if kind_of(schema) == "string" and schema.get("format") == "date-time":
            end = datetime.now(UTC) + timedelta(seconds=SOON)
            return name, end.strftime("%Y-%m-%dT%H:%M:%SZ"), SOON
        if kind_of(schema) in {"integer", "number"}:
            return (name, *nearest(schema, words))
    return None


def nearest(schema: Object, words: list[str]) -> tuple[int, int]:
    """The smallest duration that the schema allows, in its own unit and in seconds."""
    unit = next((UNITS[word.rstrip("s")] for word in words if word.rstrip("s") in UNITS), 1)
    least = schema.get("minimum", 1)
    value = max(least if isinstance(least, int) else 1, SOON if unit == 1 else 1)
    return value, value * unit


def is_moved(testbed: Testbed, holder: Pass) -> bool:
    """Was the end of this key, and of nothing else, moved into the past in the database?"""
    if "database" not in testbed.target.offers or holder.answer is None:
        return False
    ends = {
        place.rpartition(".")[2]: value
        for place, value in scalars(holder.answer.json())
        if isinstance(value, str) and ENDING & set(words_of(place.rpartition(".")[2]))
    }
    with (
        closing(psycopg2.connect(testbed.database().url)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(COLUMNS, ([*ends],))
        moved = 0
        for schema, table, column in cursor.fetchall():
            statement = sql.SQL(
                "UPDATE {} SET {} = now() - interval '1 s' WHERE {} = %s::timestamptz"
            ).format(sql.Identifier(schema, table), *[sql.Identifier(column)] * 2)
            cursor.execute(statement, (ends[column],))
            moved += cursor.rowcount
        if moved != 1:
            connection.rollback()
        return moved == 1
