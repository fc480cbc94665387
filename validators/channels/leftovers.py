"""Is a deleted tenant gone from every store, and its credentials and ids with it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gate.check import Check, Control
from gate.model import Doubt, Finding, Json, Observation, Severity
from validators.behind.leftovers_probe import probe
from validators.behind.stores import CACHE, DATABASE, FILES, LOG
from validators.behind.traffic import accuse
from validators.estates.ground import judge_ground
from validators.judging import Rule

ID = "isolation.leftovers"
KEPT: Mapping[str, str] = {
    LOG: "lines from before the deletion name it by its id, until the log is rotated away",
}
"""Stores that may hold something of a deleted tenant, with the reason."""
SEARCH = {
    DATABASE: 'psql "$SUPERUSER_URL" -c "SELECT * FROM {} t WHERE t::text LIKE \'%$TENANT_ID%\'"',
    CACHE: 'redis-cli -u "$REDIS_URL" --scan --pattern "*$TENANT_ID*"',
    FILES: 'find "$MAESTRO_ARTIFACT_DIR" -path "*$TENANT_ID*"',
}
AGAIN = "delete a tenant with DELETE /v1/tenants/{tenant_id}, wait, then "
STAYED = Rule(
    check=ID,
    rule="left-behind",
    title="A store still holds what belonged to a deleted tenant",
    severity=Severity.HIGH,
    remedy="Remove it in the deletion's job, or name it as kept on purpose with the reason.",
    cwe=459,
    owasp_api="API1:2023",
    asvs="V14.2.7",
)
ALIVE = replace(
    STAYED,
    rule="credential-lives",
    title="A credential of a deleted tenant is still good",
    severity=Severity.CRITICAL,
    remedy="Revoke every credential with the tenant, and tell all workers.",
    cwe=613,
    owasp_api="API2:2023",
    asvs="V7.4.2",
)
TOLD = replace(
    STAYED,
    rule="deleted-told",
    title="A deleted tenant's id is answered otherwise than one that never was",
    severity=Severity.MEDIUM,
    remedy="Answer both with the same 404.",
    cwe=204,
    asvs="V8.4.1",
)
WRITTEN = replace(
    STAYED,
    rule="logged-after",
    title="After the deletion the log tells of the tenant",
    severity=Severity.MEDIUM,
    remedy="End what still works for it: jobs, deliveries, retries.",
    cwe=532,
    asvs="V16.2.5",
)
SWEPT = replace(
    STAYED,
    rule="neighbour-lost",
    title="With a deleted tenant another tenant lost something",
    severity=Severity.CRITICAL,
    remedy="Bind every removal to the tenant's own id.",
    cwe=284,
    asvs="V8.4.1",
)


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Doubt]:
    """What a store holds after the deletion is left behind, unless it is kept on purpose (CWE-459).

    A store that held nothing before says nothing; so does a deletion that has not ended, and a
    credential that was never good.
    """
    yield from judge_ground(seen)
    for index, each in enumerate(seen):
        yield from judge_store(index, each)
        yield from judge_asking(index, each)
    yield from doubt(seen)


def judge_store(index: int, each: Observation) -> Iterator[Finding]:
    """Rows, entries, files and lines."""
    if each.kind == "store" and each.data["after"] and each.subject not in KEPT:
        words = f"{each.data['after']} of {each.data['before']} are left"
        place, _, name = each.subject.partition(" ")
        yield accuse(STAYED, each.subject, [words], index, AGAIN + SEARCH[place].format(name))
    elif each.kind == "log" and (each.data["content"] or each.data["named"]):
        words = f"{each.data['content']} lines hold what it wrote, {each.data['named']} its id"
        yield accuse(WRITTEN, each.subject, [words], index, AGAIN + "read the service's log")


def judge_asking(index: int, each: Observation) -> Iterator[Finding]:
    """Credentials, ids, and the neighbour."""
    data, name = each.data, each.subject
    if each.kind == "credential" and data["after"]:
        words = f"{data['after']} requests were granted"
        yield accuse(ALIVE, name, [words], index, AGAIN + "ask GET /v1/me with its old key")
    elif each.kind == "ghost" and (data["shows"] or data["gone"] != data["never"]):
        words = f"the deleted id gets {data['gone']}, one that never was {data['never']}"
        yield accuse(TOLD, name, [words], index, AGAIN + f"ask {name} as another tenant")
    elif each.kind == "ghost" and not data["same"]:
        words = f"both get {data['gone']}, with different bodies"
        yield accuse(TOLD, name, [words], index, AGAIN + f"ask {name} as another tenant")
    elif each.kind == "beside" and data["lost"]:
        words = "another tenant's own object is gone"
        yield accuse(SWEPT, name, [words], index, AGAIN + f"ask {name} as its owner")


def doubt(seen: Sequence[Observation]) -> Iterator[Doubt]:
    """Why what was not found says nothing."""
    for each in seen:
        if each.kind == "left" and not each.data["done"]:
            yield Doubt(subject=each.subject, reason="the deletion did not end in time")
        elif each.kind == "credential" and not each.data["before"]:
            yield Doubt(subject=each.subject, reason="the credential was never good")
    stores = [each for each in seen if each.kind in {"store", "empty"}]
    for place in SEARCH:
        held = [each for each in stores if each.subject.startswith(place) and each.data["before"]]
        if stores and not held:
            yield Doubt(subject=place, reason="it held nothing of the tenant before either")


TABLE, READ = f"{DATABASE} public.runs", "GET /v1/runs/{run_id}"
CLEAN: tuple[Observation, ...] = (
    Observation(kind="left", subject="tenant", data={"done": True, "seconds": 1.5}),
    *(
        Observation(kind="store", subject=name, data={"before": 9, "after": 0})
        for name in (TABLE, CACHE, FILES)
    ),
    Observation(kind="store", subject=LOG, data={"before": 80, "after": 80}),
    Observation(kind="credential", subject="owner", data={"before": 6, "after": 0}),
    Observation(
        kind="ghost",
        subject=READ,
        data={"gone": 404, "never": 404, "same": True, "shows": False},
    ),
    Observation(kind="beside", subject=READ, data={"lost": False}),
    Observation(kind="log", subject="log", data={"lines": 40, "content": 0, "named": 0}),
)


def spoil(subject: str, kind: str, **change: Json) -> tuple[Observation, ...]:
    """The clean record with one fact changed."""
    return tuple(
        replace(each, data={**each.data, **change})
        if (each.kind, each.subject) == (kind, subject)
        else each
        for each in CLEAN
    )


CHECK = Check(
    id=ID,
    claim="Of a deleted tenant nothing is left in any store, and nobody is told that it was.",
    blind_to=(
        "Backups, the write-ahead log and the server's own logs, which hold it until they are "
        "removed by age. The service's log from before the deletion, which names the tenant by "
        "its id. What is compressed or encrypted and carries no id of the tenant. Large objects. "
        "Buckets, queues and other places outside PostgreSQL, Redis and the artifacts' folder. "
        "Requests that are under way while the deletion ends. What a webhook was told before."
    ),
    probe=probe,
    judge=judge,
    controls=(
        Control(defect="a row is left in a table", record=spoil(TABLE, "store", after=1)),
        Control(defect="an entry is left in Redis", record=spoil(CACHE, "store", after=1)),
        Control(defect="a file is left", record=spoil(FILES, "store", after=2)),
        Control(defect="a key goes on working", record=spoil("owner", "credential", after=1)),
        Control(defect="a deleted id gets 410", record=spoil(READ, "ghost", gone=410)),
        Control(defect="a deleted id gets another body", record=spoil(READ, "ghost", same=False)),
        Control(defect="a deleted object is read", record=spoil(READ, "ghost", shows=True)),
        Control(defect="the log tells what it wrote", record=spoil("log", "log", content=1)),
        Control(defect="something still works for it", record=spoil("log", "log", named=3)),
        Control(defect="a neighbour loses an object", record=spoil(READ, "beside", lost=True)),
    ),
    at_least={
        "seated": 2,
        "left": 1,
        "store": 20,
        "credential": 2,
        "ghost": 10,
        "beside": 5,
        "log": 1,
    },
    needs=frozenset({"http", "openapi", "tenants", "guests", "database", "redis", "telemetry"}),
    covers=("isolation:33", "API1:2023", "API2:2023", "ASVS:V14.2.7", "ASVS:V7.4.2"),
)
