"""Where does a service contradict itself, and what does a reader write by right? Pure functions.

It refuses a role what weighs no more than what it grants it, or lets it change what is its own.
"""

from __future__ import annotations

from gate.model import Observation
from validators.document.names import OWN, SAYINGS, SETTINGS, noun_of, verb_of
from validators.roles.role_grounds import FEW, Matrix, is_refused, on_same_objects


def says_its_own(call: Observation) -> bool:
    """Does it add what readers usually say or mark of what they read: a comment, a star?

    Not where it changes or ends one that is there (`/comments/{id}`). Nor is it told from outside
    whose a task is, which whoever it was given to hands in (`:submit`). What stands under the
    caller's own account (`/user/starred`) is his.
    """
    method, _, path = call.subject.partition(" ")
    last = path.rstrip("/").rpartition("/")[2]
    first, _, rest = path.strip("/").partition("/")
    if first in OWN and rest and not rest.startswith("{"):
        return True
    if call.data.get("act") in {"make", "step"} and verb_of(path) == "submit":
        return True
    adds = call.data.get("act") in {"make", "step"} or method == "PUT"
    return adds and "{" not in last and noun_of(last) in SAYINGS


def is_authors(call: Observation, matrix: Matrix) -> bool:
    """Is it his who has made it: he may change it, and is refused another's (an issue)?"""
    others = on_same_objects(call, matrix, "change", "end")
    changes = [each for each in others if each.subject.endswith("}")]
    return bool(call.data.get("keeps")) and bool(changes) and all(map(is_refused, changes))


def has_struck(call: Observation, *acts: str) -> bool:
    """Was it granted a write of this kind whose doing the owner saw, and are no roles declared?"""
    data = call.data
    granted = (
        data.get("said") == "granted" and data.get("effect") is True and bool(data.get("sure"))
    )
    return granted and not data.get("declared") and data.get("act") in acts


def lesser_refused(call: Observation, matrix: Matrix) -> str:
    """That a role ends what it may neither make nor change; "" else.

    Who may create but not edit, or edit but not delete, is usual, and so is a moderator who
    removes what others wrote; he may write himself. A role that is refused every other write of
    these objects, of which their owner is refused none, has no business ending them.
    """
    if call.kind != "role-call" or not has_struck(call, "end"):
        return ""
    others = on_same_objects(call, matrix, "make", "change")
    changes = [each for each in others if each.data.get("act") == "change"]
    if len(others) < FEW or not changes or not all(map(is_refused, others)):
        return ""
    names = [each.subject for each in others]
    return f"it ends what it may not make or change: {' and '.join(names)} refused it"


def reading_refused(call: Observation, matrix: Matrix) -> str:
    """That a role changes or ends an object of which it is refused every read; "" else.

    A PUT may be meant so: a secret that is replaced and never shown.
    """
    writes = call.kind == "role-call" and not call.subject.startswith("PUT ")
    if not writes or not has_struck(call, "change", "end"):
        return ""
    reads = on_same_objects(call, matrix, "read")
    if not reads or not all(map(is_refused, reads)):
        return ""
    names = [each.subject for each in reads]
    return f"it changes what it may not read: {' and '.join(names)} refused it"


def keeping_refused(call: Observation, matrix: Matrix) -> str:
    """That a role adds a setting that it may neither read, change nor end afterwards; "" else.

    Much is handed in so that others read it, but no webhook and no key, which let somebody in. Not
    where it may change what it has made itself.
    """
    noun = noun_of(call.subject.rstrip("/").rpartition("/")[2])
    if call.data.get("keeps") or noun not in SETTINGS or not has_struck(call, "make"):
        return ""
    reads = on_same_objects(call, matrix, "read")
    writes = on_same_objects(call, matrix, "change", "end")
    if not reads or not writes or not all(map(is_refused, (*reads, *writes))):
        return ""
    names = [each.subject for each in (*reads, *writes)]
    return f"it adds what it may not read, change or end: {' and '.join(names)} refused it"


def enrolling_refused(call: Observation, matrix: Matrix) -> str:
    """That an owner below the staff makes accounts of which all else is the staff's; "" else.

    Not where anybody signs up there, nor of people who get no password. Much is handed in to the
    staff, but whoever signs in with what he was given is nobody's message. What he may do to his
    own account by its id is left aside: the list and a change must be refused, and each granted
    to the staff.
    """
    data = call.data
    made = data.get("said") == "granted" and bool(data.get("enrols")) and not data.get("nobody")
    if call.kind != "owned-call" or not made or data.get("declared") or not matrix.above:
        return ""
    others = on_same_objects(call, matrix, "read", "change", "end")
    writes = [each for each in others if each.data.get("act") != "read"]
    lists = [each for each in others if each not in writes and not each.subject.endswith("}")]
    closed = [*lists, *writes]
    kept = all(is_refused(each) and each.data.get("by") in matrix.above for each in closed)
    if not lists or not writes or not kept:
        return ""
    names = [each.subject for each in closed]
    who = " and ".join(dict.fromkeys(str(each.data.get("by")) for each in closed))
    return f"it makes accounts that only {who} sees or changes: {' and '.join(names)} refused it"
