"""Which records must the judge of roles reject for what their words or their refusals say?

The smallest record for each ground, with that and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gate.check import Control
from gate.model import Json, Observation
from validators.channels.read_by_id import GROUND, WHO

LABEL = "DELETE /v1/runs/{run_id}"
CHANGE, MAKE, READ = "PATCH /v1/runs/{run_id}", "POST /v1/runs", "GET /v1/runs/{run_id}"
STEP, LIST = "POST /v1/runs/{run_id}/pin", "GET /v1/runs"
HOOK = "POST /v1/webhooks"
ACTS = {LABEL: "end", CHANGE: "change", MAKE: "make", READ: "read", STEP: "step", LIST: "read"}
ACTS |= {HOOK: "make"}
STATUS = {"granted": 204, "refused": 403, "undecided": 404}


def words(how: str, key: str = "admin", **more: Json) -> dict[str, Json]:
    """What the document says of an operation, or what marks it."""
    said: Json = {
        "roles": ["admin"],
        "key": key,
        "how": how,
        "place": "summary",
        "quote": "Admins only",
        "known": True,
        **more,
    }
    return {"reserved": [said]}


SAID, MARK = words("said"), words("marked", "path /v1", place="path", quote="/v1")
ELSEWHERE = {**MARK, "collection": "v1/report"}
EXPRESSED = words("said", "owner", roles=["owner"], quote="hasRole('OWNER')", exact=True)
NOUN = words("said", "patient", roles=["patient"], quote="the patient alone", known=False)


def staffed(*roles: str, ordered: bool = False) -> tuple[Observation, ...]:
    """The roles that the target has, and that the ground holds."""
    data: dict[str, Json] = {"roles": [*roles], "ordered": ordered}
    return (Observation(kind="staffed", subject="acme", data=data), *GROUND)


def called(
    role: str, label: str, said: str, more: Mapping[str, Json], kind: str = "role-call"
) -> tuple[Observation, ...]:
    """What a role got, and that the owner was granted it."""
    data: dict[str, Json] = {
        **WHO,
        "role": role,
        "said": said,
        "status": STATUS[said],
        "declared": [],
        "safe": ACTS[label] == "read",
        "act": ACTS[label],
        "collection": "v1/run",
        "excerpt": "for admins, or the patient",
        "effect": said == "granted" and ACTS[label] != "read",
        "sure": said == "granted" and ACTS[label] != "read",
        **more,
    }
    fact = Observation(kind=kind, subject=label, data=data)
    if kind == "owned-call":
        return (fact,)
    owned = {**WHO, "role": "owner", "positive": True, "visible": True, "said": "granted"}
    owned |= {"act": ACTS[label], "collection": "v1/run", "shown": ACTS[label] == "read"}
    return (fact, Observation(kind="owned-call", subject=label, data={**owned, "status": 204}))


def stranger(**data: Json) -> tuple[Observation, ...]:
    """What another tenant's weaker role got."""
    said: dict[str, Json] = {**WHO, "role": "agent", "status": 200, **data}
    return (Observation(kind="stranger-call", subject=LABEL, data=said),)


RIGHT = words("said", "permission end", roles=[], quote="for those with the right to end")
PROSE = words("marked", "admin", quote="Admins")
RIGHTS = Observation(
    kind="listed-rights",
    subject="GET /v1/roles",
    data={"roles": {"agent": ["read"], "admin": ["read", "end"]}},
)


def kept(role: str, **more: Json) -> tuple[Observation, ...]:
    """What a role saw of a field that is kept for admins."""
    data = {"said": "granted", "status": 200, "safe": True, "field": "cost", **more}
    fact = Observation(kind="part-call", subject=READ, data={**WHO, "role": role, **data, **SAID})
    return (*called(role, READ, "granted", {"shown": True}), fact)


def fact(kind: str, **data: Json) -> Observation:
    """One observation of the example record."""
    return Observation(kind=kind, subject=LABEL, data={**WHO, **data})


def declared(role: str, said: str, status: int) -> Observation:
    """What one role got."""
    return fact("role-call", role=role, said=said, status=status, declared=["admin"], effect=False)


CLEAN: tuple[Observation, ...] = (
    Observation(
        kind="staffed",
        subject="acme",
        data={"roles": ["viewer", "editor", "admin", "owner"], "ordered": True},
    ),
    declared("viewer", "refused", 403),
    declared("editor", "refused", 403),
    declared("admin", "granted", 204),
    fact("owned-call", status=204, positive=True),
    *GROUND,
)


def spoil(role: str, **change: Json) -> tuple[Observation, ...]:
    """The clean record with one role's answer changed."""
    return tuple(
        replace(each, data={**each.data, **change}) if each.data.get("role") == role else each
        for each in CLEAN
    )


OPEN: dict[str, Json] = {"said": "granted", "status": 204, "declared": []}


SEEN = "GET /v1/runs/{run_id} $.name"
AGENT = staffed("agent", "owner")
BY_STAFF: dict[str, Json] = {"positive": True, "by": "admin"}
CONTROLS = (
    Control(defect="a viewer deletes", record=spoil("viewer", **OPEN, effect=True)),
    Control(
        defect="a role that is not declared is let in",
        record=spoil("editor", said="granted", status=204),
    ),
    Control(defect="a declared role is refused", record=spoil("admin", said="refused", status=403)),
    Control(
        defect="a weaker role may do what a stronger one may not",
        record=spoil("viewer", **OPEN),
    ),
    Control(
        defect="a role is granted what a sentence reserves for a stronger one",
        record=(*staffed("agent", "admin", "owner"), *called("agent", LABEL, "granted", SAID)),
    ),
    Control(
        defect="a role is granted what is reserved in the words that refused it elsewhere",
        record=(
            *AGENT,
            *called("agent", LABEL, "granted", SAID),
            *called("agent", MAKE, "refused", SAID),
        ),
    ),
    Control(
        defect="a role is granted what an expression keeps for owners",
        record=(
            *staffed("agent", "owner", ordered=True),
            *called("agent", LABEL, "granted", EXPRESSED),
        ),
    ),
    Control(
        defect="a role is granted what is reserved for a noun by which it was refused elsewhere",
        record=(
            *AGENT,
            *called("agent", LABEL, "granted", NOUN),
            *called("agent", MAKE, "refused", NOUN),
        ),
    ),
    Control(
        defect="a role is granted what asks for the right that it lacked by another refusal",
        record=(
            *AGENT,
            *called("agent", LABEL, "granted", RIGHT),
            *called("agent", MAKE, "refused", {**RIGHT, "excerpt": "you have no right to end"}),
        ),
    ),
    Control(
        defect="a role is granted what asks for a right that the service shows it without",
        record=(*AGENT, *called("agent", LABEL, "granted", RIGHT), RIGHTS),
    ),
    Control(
        defect="a role sees a field that the document keeps for a stronger one",
        record=(*staffed("agent", "admin", "owner"), *kept("agent", shown=True)),
    ),
    Control(
        defect="a role is granted one of the operations marked by words, where all others refuse",
        record=(
            *AGENT,
            *called("agent", LABEL, "granted", PROSE),
            *called("agent", STEP, "refused", {**PROSE, "collection": "v1/report"}),
            *called("agent", MAKE, "refused", {**PROSE, "collection": "v1/report"}),
        ),
    ),
    Control(
        defect="a role is granted one of the operations under a mark by which it is refused",
        record=(
            *AGENT,
            *called("agent", LABEL, "granted", MARK),
            *called("agent", STEP, "refused", MARK),
            *called("agent", MAKE, "refused", MARK),
        ),
    ),
    Control(
        defect="an ordinary account alone is granted what is reserved",
        record=(
            *staffed("owner"),
            *called("owner", LABEL, "granted", {**SAID, "positive": True}, "owned-call"),
            *called("owner", READ, "refused", SAID, "owned-call"),
        ),
    ),
    Control(
        defect="an owner below the staff is granted what a sentence reserves for them",
        record=(
            *staffed("owner", "admin", ordered=True),
            *called("owner", LABEL, "granted", {**SAID, "positive": True}, "owned-call"),
        ),
    ),
    Control(
        defect="an owner below the staff is granted one of the operations under their mark",
        record=(
            *staffed("owner", "admin", ordered=True),
            *called("owner", LABEL, "granted", {**MARK, "positive": True}, "owned-call"),
            *called("owner", STEP, "refused", ELSEWHERE, "owned-call"),
            *called("owner", MAKE, "refused", ELSEWHERE, "owned-call"),
        ),
    ),
    Control(
        defect="a role ends what it may neither make nor change",
        record=(
            *AGENT,
            *called("agent", LABEL, "granted", {}),
            *called("agent", CHANGE, "refused", {}),
            *called("agent", MAKE, "refused", {}),
        ),
    ),
    Control(
        defect="a role changes what it may not read",
        record=(
            *AGENT,
            *called("agent", LABEL, "granted", {}),
            *called("agent", READ, "refused", {}),
        ),
    ),
    Control(
        defect="a role adds a webhook that it may neither read, change nor end",
        record=(
            *AGENT,
            *called("agent", HOOK, "granted", {}),
            *called("agent", READ, "refused", {}),
            *called("agent", CHANGE, "refused", {}),
        ),
    ),
    Control(
        defect="an owner below the staff makes accounts that only they see and change",
        record=(
            *staffed("owner", "admin", ordered=True),
            *called("owner", MAKE, "granted", {"positive": True, "enrols": True}, "owned-call"),
            *called("owner", LIST, "refused", BY_STAFF, "owned-call"),
            *called("owner", CHANGE, "refused", BY_STAFF, "owned-call"),
        ),
    ),
    Control(
        defect="a member reads what the list and the other operations hide from him",
        record=(
            *AGENT,
            *called("agent", MAKE, "granted", {}),
            *called("agent", READ, "granted", {"shown": True}),
            *called("agent", LIST, "granted", {"shown": False}),
            *called("agent", CHANGE, "undecided", {}),
        ),
    ),
    Control(
        defect="a member is shown by a filter what the list and the read by id hide from him",
        record=(
            *AGENT,
            *called("agent", MAKE, "granted", {}),
            *called("agent", LIST, "granted", {"shown": False}),
            *called("agent", LIST, "granted", {"shown": True, "filter": "user"}, "filter-call"),
            *called("agent", READ, "undecided", {}),
        ),
    ),
    Control(
        defect="another tenant's weaker role reads what its own owner does not",
        record=(*AGENT, *stranger(traces={"headers": [], "body": ["canary"]})),
    ),
    Control(
        defect="another tenant's weaker role changes what its own owner does not",
        record=(*AGENT, *stranger(effect=True, changed=[SEEN], noise=[])),
    ),
)
