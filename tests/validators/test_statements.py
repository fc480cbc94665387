"""What a statement touches, in whose scope, and whether it names the tenant itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.check import Answer, Control
from gate.inside import Statement
from gate.model import Doubt, Finding, Json, Observation, Outcome
from gate.run import run
from gate.testbed.embedded import Embedded
from gate.testbed.proxy import Operations
from gate.testbed.statements import PREFIX, statements_in, telling
from validators.catalogue import read_catalogue
from validators.channels.statements import CHECK, CLEAN
from validators.patience import Relay
from validators.predicates import Touch
from validators.rows import connect
from validators.scopes import Follower, Use
from validators.sql_steps import Setting, Turn, UnreadableError, read, shape
from validators.statement_scan import Ledger, Overheard, openers_in, tell

OWN = "11111111-2222-7333-8444-555555555555"
OTHER = "99999999-2222-7333-8444-555555555555"
RELATIONS = frozenset({"public.a", "public.b"})
BOUND = (
    "SELECT 1 FROM a WHERE a.t = '{own}'::uuid::UUID AND x = 1",
    "SELECT 1 FROM a WHERE (x = 1 OR x = 2) AND ('{own}' = t)",
    "SELECT 1 FROM a WHERE t IN ('{own}')",
    "SELECT 1 FROM a WHERE (t, i) = ('{own}', 1)",
    "SELECT 1 FROM a JOIN b ON a.t = b.t WHERE b.t = '{own}'",
    "SELECT 1 FROM a LEFT JOIN b ON a.t = b.t WHERE a.t = '{own}'",
    "SELECT 1 FROM a JOIN b USING (t) WHERE a.t = '{own}'",
    "SELECT 1 FROM a, b WHERE a.t = b.t AND a.t = '{own}'",
    "SELECT 1 FROM a AS one JOIN a AS two ON two.t = one.t WHERE one.t = '{own}'",
    "SELECT 1 FROM a WHERE t = '{own}' AND EXISTS (SELECT 1 FROM b WHERE b.t = a.t)",
    "SELECT 1 FROM (SELECT t FROM a WHERE t = '{own}') q JOIN b ON b.t = q.t",
    "SELECT 1 FROM a JOIN LATERAL (SELECT 1 FROM b WHERE b.t = a.t) l ON true WHERE a.t = '{own}'",
    "WITH q AS (SELECT t FROM a WHERE t = '{own}') SELECT 1 FROM q JOIN b ON b.t = q.t",
    "SELECT 1 FROM a WHERE t = '{own}' UNION ALL SELECT 1 FROM b WHERE t = '{own}'",
    "INSERT INTO a (t, x) VALUES ('{own}'::uuid, 1), ('{own}', 2)",
    "INSERT INTO a (t, x) SELECT '{own}'::uuid, k FROM unnest(ARRAY[1]) AS p (k)",
    "INSERT INTO a (t, x) SELECT b.t, b.x FROM b WHERE b.t = '{own}'",
    (
        "WITH m AS (UPDATE a SET x = 1 WHERE a.t = '{own}' RETURNING t) "
        "INSERT INTO b (t, x) SELECT m.t, 1 FROM m"
    ),
    "UPDATE a SET x = 1 FROM b WHERE a.t = '{own}' AND b.t = a.t",
    "DELETE FROM a USING b WHERE a.t = b.t AND b.t = '{own}'",
)
LOOSE = (
    "SELECT 1 FROM a",
    "SELECT 1 FROM a WHERE t = '{other}'",
    "SELECT 1 FROM a WHERE t = '{own}' OR x = 1",
    "SELECT 1 FROM a WHERE NOT t = '{own}'",
    "SELECT 1 FROM a WHERE t <> '{own}'",
    "SELECT 1 FROM a WHERE t IN ('{own}', '{other}')",
    "SELECT 1 FROM a WHERE t = current_setting('app.t')::uuid",
    "SELECT 1 FROM a JOIN b ON a.i = b.i WHERE b.t = '{own}'",
    "SELECT 1 FROM a LEFT JOIN b ON a.t = b.t WHERE b.t = '{own}'",
    "SELECT 1 FROM a FULL JOIN b ON a.t = b.t WHERE b.t = '{own}'",
    "SELECT 1 FROM b, a WHERE b.t = '{own}'",
    "SELECT (SELECT count(*) FROM b WHERE t = '{own}') FROM a",
    "SELECT 1 FROM b WHERE t = '{own}' AND EXISTS (SELECT 1 FROM a WHERE a.i = b.i)",
    "WITH q AS (SELECT t FROM a) SELECT 1 FROM q WHERE q.t = '{own}'",
    "INSERT INTO a (t, x) VALUES ('{own}', 1), ('{other}', 2)",
    "INSERT INTO a VALUES ('{own}', 1)",
    "INSERT INTO a (t, x) SELECT b.t, b.x FROM b",
    "UPDATE a SET t = '{own}'",
    "DELETE FROM a WHERE i = 3",
    "TRUNCATE a",
    "COPY a TO STDOUT",
)
CONJUNCTS = ("a.x = 1", "(a.x = 2 OR a.x = 3)", "a.n LIKE 'z%'", "a.d IS NULL", "a.x < 5")


def steps(text: str) -> tuple[Any, ...]:
    return read(text.format(own=OWN, other=OTHER), OWN, "t", RELATIONS)


def touches(text: str) -> list[Touch]:
    return [each for each in steps(text) if isinstance(each, Touch)]


@pytest.mark.parametrize("text", BOUND)
def test_every_relation_of_a_statement_that_names_the_tenant_is_bound(text: str) -> None:
    found = touches(text)
    assert found
    assert all(each.bound for each in found)


@pytest.mark.parametrize("text", LOOSE)
def test_a_relation_without_the_tenant_is_not_bound(text: str) -> None:
    assert "public.a" in {each.relation for each in touches(text) if not each.bound}


@given(st.permutations([*CONJUNCTS, "a.t = b.t", f"b.t = '{OWN}'"]), st.integers(0, 6))
def test_order_does_not_matter_and_each_link_does(terms: list[str], at: int) -> None:
    def bound(chosen: Sequence[str]) -> set[str]:
        text = f"SELECT 1 FROM a, b WHERE {' AND '.join(chosen)}"  # noqa: S608 - only parsed
        return {each.relation for each in touches(text) if each.bound}

    assert bound(terms) == RELATIONS
    left = [each for index, each in enumerate(terms) if index != at]
    missing = {f"b.t = '{OWN}'": set(), "a.t = b.t": {"public.b"}}
    assert bound(left) == missing.get(terms[at], RELATIONS)


def test_several_statements_of_one_message_are_read() -> None:
    text = "SELECT set_config('app.t', '{own}', true); SELECT 1 FROM a WHERE t = '{own}'"
    assert steps(text) == (Setting("app.t", OWN, True), Touch("public.a", "SELECT", True))


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("SET LOCAL app.t = '{own}'", True),
        ("SET app.t = '{own}'", False),
        ("SET SESSION app.t TO '{own}'", False),
        ("SELECT set_config('app.t', '{own}', false)", False),
        ("SELECT set_config('app.t', '{own}', x.y) FROM x", False),
    ],
)
def test_how_long_a_setting_holds(text: str, local: bool) -> None:
    assert steps(text) == (Setting("app.t", OWN, local),)


def test_other_schemas_and_names_of_a_with_are_no_relations() -> None:
    assert touches("SELECT 1 FROM other.a") == []
    assert touches("WITH a AS (SELECT 1) SELECT 1 FROM a") == []
    assert touches("SELECT 1 FROM public.a")


@pytest.mark.parametrize(
    ("text", "turn"),
    [
        ("SAVEPOINT one", Turn("SAVEPOINT", "one")),
        ('RELEASE SAVEPOINT "one"', Turn("RELEASE", "one")),
        ("ROLLBACK TO SAVEPOINT one", Turn("ROLLBACK TO", "one")),
        ("ROLLBACK", Turn("END", "")),
        ("COMMIT", Turn("END", "")),
    ],
)
def test_turns_of_a_transaction(text: str, turn: Turn) -> None:
    assert steps(text) == (turn,)


def test_what_cannot_be_parsed_is_said() -> None:
    with pytest.raises(UnreadableError):
        steps("SELECT FROM WHERE )")


def test_a_shape_holds_no_value() -> None:
    assert shape("SELECT 1 FROM a WHERE t = 'secret' AND n = 77") == (
        "SELECT %s FROM a WHERE t = %s AND n = %s"
    )


def uses(*texts: str, session: int = 1, follower: Follower | None = None) -> list[Use]:
    follower = follower or Follower(setting="app.t", column="t", relations=RELATIONS)
    said = [
        Statement(session=session, transaction="1/1", text=each.format(own=OWN, other=OTHER))
        for each in texts
    ]
    found = [step for each in said for step in follower.follow(each, OWN)]
    return [each for each in found if isinstance(each, Use)]


SCOPE = "SELECT set_config('app.t', '{own}', true)"
LOOK = "SELECT 1 FROM a WHERE t = '{own}'"


@pytest.mark.parametrize(
    ("texts", "scope", "lasting"),
    [
        ((LOOK,), "", True),
        ((SCOPE, LOOK), OWN, False),
        ((SCOPE.replace("own", "other"), LOOK), OTHER, False),
        ((SCOPE.replace("true", "false"), LOOK), OWN, True),
        ((SCOPE, "COMMIT", LOOK), "", True),
        (("SAVEPOINT s", SCOPE, "ROLLBACK TO SAVEPOINT s", LOOK), "", True),
        (("SAVEPOINT s", SCOPE, "RELEASE SAVEPOINT s", LOOK), OWN, False),
        ((SCOPE, "SAVEPOINT s", SCOPE.replace("own", "other"), "ROLLBACK TO s", LOOK), OWN, False),
        ((SCOPE, "SAVEPOINT s", "SAVEPOINT r", "ROLLBACK TO s", LOOK), OWN, False),
        (("SELECT set_config('app.t', '{own}', true), x FROM a WHERE t = '{own}'",), "", True),
    ],
)
def test_the_scope_of_a_statement(texts: tuple[str, ...], scope: str, lasting: bool) -> None:
    last = uses(*texts)[-1]
    assert (last.scope, last.lasting) == (scope, lasting)


def test_a_session_keeps_what_is_set_for_it_and_others_do_not() -> None:
    follower = Follower(setting="app.t", column="t", relations=RELATIONS)
    uses(SCOPE.replace("true", "false"), "COMMIT", follower=follower)
    assert uses(LOOK, follower=follower)[0].scope == OWN
    assert uses(LOOK, session=2, follower=follower)[0].scope == ""


def test_a_line_of_the_log_is_a_statement() -> None:
    begun = "2026-01-01 00:00:00.000 UTC [7] {role}@db 3/9 LOG:  "
    text = (
        begun.format(role="app")
        + "statement: SELECT 1\n\tFROM a\n"
        + begun.format(role="admin")
        + "statement: SELECT 2\n"
        + begun.format(role="app")
        + "execute x: SELECT $1\n"
        + begun.format(role="app").replace("LOG", "ERROR")
        + "division by zero\n"
        + begun.format(role="app")
        + "duration: 1 ms\n"
        + "2026-01-01 00:00:00.000 UTC [8] LOG:  checkpoint starting: time\n"
    )
    assert [(each.session, each.transaction, each.text) for each in statements_in(text, "app")] == [
        (7, "3/9", "SELECT 1\nFROM a"),
        (7, "3/9", "SELECT $1"),
    ]
    assert list(statements_in("", "app")) == []


@dataclass(frozen=True, kw_only=True)
class Careless(Relay):
    """A principal whose every request lets the service's role say something more."""

    url: str
    says: tuple[str, ...]

    def ask(
        self,
        method: str,
        path: str,
        body: Json,
        headers: Mapping[str, str] | None,
        timeout: float,
    ) -> Answer:
        answer = self.client.request(method, path, body=body, headers=headers, timeout=timeout)
        with closing(psycopg2.connect(self.url)) as connection, connection.cursor() as cursor:
            for each in self.says:
                cursor.execute(each)
        return answer


PLANTED = {
    "nothing": ("SELECT set_config('app.tenant_id', '{own}', true)",),
    "unscoped-statement": ("SELECT 1 FROM runs WHERE tenant_id = '{own}'",),
    "foreign-scope": (
        "SELECT set_config('app.tenant_id', '{other}', true)",
        "SELECT 1 FROM runs WHERE tenant_id = '{other}'",
    ),
    "lasting-scope": (
        "SELECT set_config('app.tenant_id', '{own}', false)",
        "SELECT 1 FROM runs WHERE tenant_id = '{own}'",
    ),
    "widened-scope": (
        "SELECT set_config('app.tenant_id', '{own}', true), set_config('app.runner', 'on', true)",
    ),
    "missing-predicate": (
        "SELECT set_config('app.tenant_id', '{own}', true)",
        "SELECT 1 FROM runs",
    ),
}


@pytest.mark.parametrize("rule", PLANTED)
def test_what_a_real_log_tells_is_found(testbed: Embedded, rule: str) -> None:
    tenancy, (one, two) = testbed.tenancy(), testbed.tenants
    says = [
        each.format(own=tenancy.tenants[one], other=tenancy.tenants[two]) for each in PLANTED[rule]
    ]
    relations = frozenset({"public.runs"})
    with connect(tenancy) as connection:
        openers = openers_in([*read_catalogue(connection, tenancy.column)])
    with testbed.statements() as hear:
        ledger = Ledger(
            hear=hear,
            follower=Follower(
                setting=tenancy.setting,
                column=tenancy.column,
                relations=relations,
                openers=openers,
            ),
            operations=Operations.of(testbed.openapi()),
            ids=tenancy.tenants,
        )
        client = Careless(client=testbed.actor(one), url=tenancy.url, says=tuple(says))
        Overheard(client=client, ledger=ledger).request("GET", "/healthz")
    record = list(tell(testbed, ledger, relations))
    rules = {each.rule for each in CHECK.judge(record) if isinstance(each, Finding)}
    assert rules == {rule} - {"nothing"}
    assert not any(tenancy.tenants[each] in str(record) for each in (one, two))


def test_the_log_is_as_before_afterwards(testbed: Embedded) -> None:
    def settings() -> list[Any]:
        with closing(psycopg2.connect(testbed.database().url)) as admin, admin.cursor() as cursor:
            cursor.execute(
                "SELECT setting, sourcefile FROM pg_settings "
                "WHERE name IN ('log_statement', 'log_line_prefix')"
            )
            return cursor.fetchall()

    before = settings()
    with telling(testbed.database(), testbed.site.logs, "x"):
        assert PREFIX in dict(settings())
    assert settings() == before


def test_maestro_ml_keeps_the_promise(testbed: Embedded) -> None:
    written: list[Any] = []
    result = run(CHECK, testbed, written.append)
    assert result.findings == ()
    assert result.outcome is Outcome.PASS, (result.doubts, result.failures)
    assert [each for each in testbed.secrets if each in str(written)] == []
    assert "public.metric_points" in str(written)


def test_a_clean_record_has_no_finding() -> None:
    assert not list(CHECK.judge(CLEAN))


@pytest.mark.parametrize("control", CHECK.controls, ids=lambda each: each.defect)
def test_each_control_breaks_one_rule(control: Control) -> None:
    found = [each for each in CHECK.judge(control.record) if isinstance(each, Finding)]
    assert len({each.rule for each in found}) == 1


def test_the_queue_is_shared_on_purpose_and_nothing_else_is() -> None:
    moved = [replace(each, subject=each.subject.replace("tasks", "jobs")) for each in CLEAN]
    assert {each.rule for each in CHECK.judge(moved) if isinstance(each, Finding)} == {
        "unscoped-statement",
        "missing-predicate",
    }


def test_a_statement_that_was_not_read_leaves_a_doubt() -> None:
    unread = Observation(kind="unread", subject="GET /v1/me", data={"said": "near )"})
    assert [type(each) for each in CHECK.judge([*CLEAN, unread])] == [Doubt]
