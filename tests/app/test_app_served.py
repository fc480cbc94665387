"""Does the served application do its background work by itself, and stop in the middle of it?"""

from __future__ import annotations

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class in lower case

from gate.testbed.embedded import CHECKOUT
from gate.testbed.provision import Schema
from gate.testbed.service import Installation, Keys, running_service
from gate.testbed.site import Site
from gate.testbed.waiting import until
from tests.app.callers import Caller

STOP_WITHIN = 10


def test_a_served_job_runs_and_a_stopping_service_hands_the_next_one_back(
    site: Site, schema: Schema, redis_url: str, owner: Caller, superuser: Cursor
) -> None:
    superuser.execute("DELETE FROM tasks")
    installation = Installation(
        checkout=CHECKOUT,
        database_url=schema.app_url,
        redis_url=redis_url,
        keys=Keys(),
        workers=1,
    )
    with running_service(site, installation) as served:
        first = owner.make("/v1/exports")["id"]
        assert until(lambda: owner.read(f"/v1/jobs/{first}")["state"] == "succeeded", within=30)
        superuser.execute("BEGIN")
        superuser.execute("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE")
        second = owner.make("/v1/exports")["id"]
        assert until(lambda: owner.read(f"/v1/jobs/{second}")["done"] == 3, within=30)
        served.child.process.terminate()
        superuser.execute("ROLLBACK")
        assert served.child.wait(STOP_WITHIN) is not None
    assert owner.read(f"/v1/jobs/{second}")["state"] in {"running", "succeeded"}
    superuser.execute("SELECT leased FROM tasks WHERE id = %s", [second])
    assert superuser.fetchone() in {None, (False,)}
