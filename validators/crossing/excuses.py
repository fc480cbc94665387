"""What is shown on purpose, on which evidence, and does that evidence carry it? Pure functions.

What a probe records as suppressed is judged again by what stands beside it, so that a true leak
next to what is public by design is a finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gate.model import Json, Observation

LISTED = "a list shows this name to everybody, so that no answer tells that it exists"
PART = "strangers see a part of it, of everybody the same, and its owner sees more"
OPEN = "anybody may read a part of what has this name, so that no answer tells that it exists"
PUBLISHED = "strangers are shown only what says of itself that it is public"
NAMED = "names of accounts that anybody may open, which both tenants are shown alike"
HIDDEN = "suppressed"


def is_part(part: Json) -> bool:
    """Do strangers see, in both directions the same, less than the owner does?

    `own`, `shown` and `back` are the places of the answers to the owner, to the stranger, and to
    the owner who asks for the stranger's.
    """
    seen = part if isinstance(part, dict) else {}
    own, shown, back = (places_in(seen.get(name)) for name in ("own", "shown", "back"))
    return bool(shown) and shown < own and shown == back


def is_published(items: Json) -> bool:
    """Does all that strangers are shown say that it is public, and is the rest kept from them?"""
    seen = items if isinstance(items, dict) else {}
    shown, kept, closed = (seen.get(name) for name in ("open", "kept", "closed"))
    return bool(shown) and bool(kept) and closed == 0


def places_in(value: Json) -> set[str]:
    """A list of places as a set."""
    return {str(each) for each in value} if isinstance(value, list) else set()


def holds(data: Mapping[str, Json]) -> bool:
    """Does what stands beside a suppressed answer excuse it?

    A listed or open name excuses nothing that is shown, a public part only what everybody is shown
    of everybody, what is published only what says so, a directory of names nothing but these
    (`rest`), and a word of the document no contact that it does not name (`beyond`). What has no
    such evidence rests on a word alone.
    """
    reason, traces = data.get("reason"), data.get("traces")
    told = isinstance(traces, dict) and any(traces.values())
    if data.get("beyond") or data.get("rest"):
        return False
    if reason in {LISTED, OPEN}:
        return not told
    if reason == PUBLISHED:
        return is_published(data.get("items"))
    return reason != PART or is_part(data.get("part"))


def unexcused(
    numbered: Sequence[tuple[int, Observation]], label: str
) -> list[tuple[int, Observation]]:
    """What was suppressed of an operation without an excuse that carries it."""
    about = [item for item in numbered if item[1].kind == HIDDEN and item[1].subject == label]
    return [item for item in about if not holds(item[1].data)]
