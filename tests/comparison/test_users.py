"""Is Schemathesis given somebody of each tenant for every service that it is run on?"""

from __future__ import annotations

import pytest

from tests.comparison.schemathesis_run import ENDS_SESSIONS, users


@pytest.mark.parametrize("service", ENDS_SESSIONS)
def test_both_peers_are_owners_and_lower_roles_come_after_them(service: str) -> None:
    names = [each["name"] for each in users(service)]
    tenants, roles = zip(*(name.split("-") for name in names), strict=True)
    assert len(set(tenants[:2])) == 2
    assert not set(roles[:2]) & set(roles[2:])
