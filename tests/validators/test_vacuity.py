"""When nothing could be seen, nothing is proven: never a pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from gate.check import Check
from gate.model import Outcome, Result
from gate.run import gather, judge
from gate.testbed.external import OFFERS, External, external
from tests.targets.serving import actors, running, wsgi
from tests.targets.shop import Shop
from tests.targets.stays import stays
from validators import CHECKS

HEADS = 'name = "shop"\nbase_url = "{base_url}"\n'
BLACK_BOX = [check for check in CHECKS if check.needs <= OFFERS | {"roles"}]
each_check = pytest.mark.parametrize("check", BLACK_BOX, ids=lambda check: check.id)


@contextmanager
def shop(folder: Path, environment: dict[str, str], flaw: str = "") -> Iterator[External]:
    text, usual = actors(Shop.tokens, "Authorization", "Bearer ")
    with running(wsgi(Shop(flaw))) as base_url:
        file = folder / "target.toml"
        file.write_text(HEADS.format(base_url=base_url) + text, encoding="utf-8")
        with external(file, folder, 3, usual | environment) as testbed:
            yield testbed


def run(check: Check, testbed: External) -> Result:
    return judge(check, gather(check, testbed, lambda _: None))


def reasons(result: Result) -> str:
    return " ".join(doubt.reason for doubt in result.doubts)


@each_check
def test_two_names_for_one_credential_prove_nothing(check: Check, tmp_path: Path) -> None:
    with shop(tmp_path, {"BLUE_OWNER": "red-owner-0123456789"}) as testbed:
        result = run(check, testbed)
    assert result.outcome > Outcome.SKIPPED
    assert "both tenants use the same credential" in reasons(result)


@each_check
def test_an_expired_credential_proves_nothing(check: Check, tmp_path: Path) -> None:
    with shop(tmp_path, {"BLUE_OWNER": "expired-0123456789"}) as testbed:
        result = run(check, testbed)
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "the tenant owns nothing; what should make something got 401" in reasons(result)
    assert "is its credential wrong or expired?" in reasons(result)


@each_check
def test_who_is_let_in_only_where_everybody_is_owns_nothing(check: Check, tmp_path: Path) -> None:
    actor = '[[actors]]\ntenant = "{0}"\nheaders = {{ Authorization = "Bearer ${{{0}}}" }}\n'
    with running(wsgi(stays())) as base_url:
        text = HEADS.format(base_url=base_url) + actor.format("ann") + actor.format("bob")
        file = tmp_path / "target.toml"
        file.write_text(text, encoding="utf-8")
        wrong = {"ann": "expired-0123456789", "bob": "expired-9876543210"}
        with external(file, tmp_path, 3, wrong) as testbed:
            result = run(check, testbed)
    assert result.outcome > Outcome.PASS
    if check.needs <= testbed.target.offers:
        assert "is its credential wrong or expired?" in reasons(result)


@each_check
def test_a_tenant_that_can_make_nothing_proves_nothing(check: Check, tmp_path: Path) -> None:
    with shop(tmp_path, {}, flaw="no-creation") as testbed:
        result = run(check, testbed)
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "the tenant owns nothing; what should make something got 503" in reasons(result)


@each_check
def test_a_dead_target_is_an_error(check: Check, tmp_path: Path) -> None:
    text, environment = actors(Shop.tokens, "Authorization", "Bearer ")
    with ExitStack() as serving:
        base_url = serving.enter_context(running(wsgi(Shop())))
        file = tmp_path / "target.toml"
        file.write_text(HEADS.format(base_url=base_url) + text, encoding="utf-8")
        with external(file, tmp_path, 3, environment) as testbed:
            serving.close()
            result = run(check, testbed)
    assert result.outcome is Outcome.ERROR
    assert "NoAnswerError" in str(result.failures)
