"""Who got what from each operation: the roles of a tenant, another tenant, nobody? Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from gate.exhibits import Cell, Matrix, tabulate
from gate.model import Observation
from validators.judging import effects, is_answer, places

OWNED = {"owned-read", "owned-write", "owned-call"}
FOREIGN = {"foreign-read", "foreign-write", "confused-call"}
MEANT = {"suppressed", "undeclared"}
LEFT_OUT = {"unreached", "not-applicable"}
NOBODY, FORGED = "nobody", "forged or revoked credential"
SAID: dict[str, Cell] = {"granted": "allowed", "refused": "refused"}
REFUSAL = 400


def access(seen: Sequence[Observation]) -> Iterator[Matrix]:
    """Operation by caller, over both directions; nothing where no operation was tried.

    For strangers the same decides as for findings: a mark of the owner, an effect seen twice, an
    answer like the owner's own to a forged credential. Without these an error is "refused" and a
    success "nothing shown". What the document or the target file gives to all is "allowed".
    """
    told = [(caller, each) for each in seen if (caller := caller_of(each))]
    again = Counter((caller, each.subject) for caller, each in told if effects(each))
    if told:
        yield tabulate(
            "access",
            [
                (each.subject, caller, word(each, again[caller, each.subject]))
                for caller, each in told
            ],
        )


def caller_of(fact: Observation) -> str:
    """Who called; "" for a fact that says nothing of access."""
    role = str(fact.data.get("role") or "owner")
    if fact.kind in OWNED | LEFT_OUT:
        return "own tenant's owner"
    if fact.kind == "role-call":
        return f"own tenant's {role}"
    if fact.kind == "forged-call" and fact.data.get("credential") != "no credential":
        return FORGED
    if fact.kind in FOREIGN | MEANT | {"forged-call"}:
        return NOBODY if role == "anonymous" else f"other tenant's {role}"
    return ""


def word(fact: Observation, effective: int) -> Cell:
    """What the caller got; `effective` counts the caller's calls that changed something."""
    data = fact.data
    if fact.kind in LEFT_OUT:
        return "not tried"
    if fact.kind in MEANT or data.get("positive"):
        return "allowed"
    if fact.kind == "role-call":
        return SAID.get(str(data.get("said")), "undecided")
    loose = data.get("granted") and data.get("like_owner") and is_answer(data.get("status"))
    if places(fact) or effective > 1 or loose:
        return "got through"
    return answered(fact) if not effective else "undecided"


def answered(fact: Observation) -> Cell:
    """What the status says where the content says nothing."""
    status = fact.data.get("status")
    if not isinstance(status, int) or not is_answer(status):
        return "undecided"
    if status >= REFUSAL:
        return "refused"
    return "undecided" if fact.kind in OWNED else "nothing shown"
