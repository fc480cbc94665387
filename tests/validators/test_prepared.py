"""An EXECUTE is read as what was prepared under its name."""

import pytest

from gate.inside import Statement
from validators.database.prepared import Sessions
from validators.database.scopes import Follower, Use
from validators.database.sql_steps import UnreadableError

TENANT = "6f0e2a54-3d0b-4c57-9a41-5f3c1d2e7b90"
READ = "PREPARE read_run AS SELECT id FROM runs WHERE tenant_id = $1::uuid AND id = $2"
SCOPE = f"SELECT set_config('app.tenant_id', '{TENANT}', true)"


def follow(*texts: str, session: int = 1) -> list[Use]:
    follower = Follower(
        setting="app.tenant_id", column="tenant_id", relations=frozenset({"public.runs"})
    )
    said = [Statement(session=session, transaction="1/1", text=text) for text in texts]
    steps = [step for each in said for step in follower.follow(each, TENANT)]
    return [step for step in steps if isinstance(step, Use)]


def test_an_execute_touches_what_was_prepared_in_the_scope_of_its_message() -> None:
    (use,) = follow(READ, f"{SCOPE}; EXECUTE read_run ('{TENANT}', 'a;b')")
    assert (use.touch.relation, use.touch.bound, use.scope) == ("public.runs", True, TENANT)


def test_an_execute_with_another_value_does_not_name_the_tenant() -> None:
    (use,) = follow(READ, f"{SCOPE}; EXECUTE read_run ('someone-else', 'x')")
    assert not use.touch.bound


def test_an_execute_without_a_scope_is_seen() -> None:
    (use,) = follow(READ, f"EXECUTE read_run ('{TENANT}', 'x')")
    assert not use.scope


def test_an_execute_of_what_nobody_heard_being_prepared_is_unreadable() -> None:
    with pytest.raises(UnreadableError, match="read_run was prepared before"):
        follow("EXECUTE read_run ('a', 'b')")


def test_each_session_has_names_of_its_own() -> None:
    sessions = Sessions()
    sessions.plain(1, "PREPARE one AS SELECT 1")
    assert sessions.plain(1, "EXECUTE one") == "SELECT 1"
    with pytest.raises(UnreadableError):
        sessions.plain(2, "EXECUTE one")


def test_a_value_keeps_its_commas_and_parentheses() -> None:
    sessions = Sessions()
    sessions.plain(1, "PREPARE two AS SELECT $1, $2")
    assert "'a), (b'" in sessions.plain(1, "EXECUTE two ('a), (b', ARRAY['c', 'd)'])")
