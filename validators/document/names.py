"""What do the names in a path or a body say: which resource, and what is done to it?"""

from __future__ import annotations

import re
from functools import lru_cache

PARAMETER = re.compile(r"\{([^}]+)\}")
SUFFIX = re.compile(
    r"(?<=.)(_ids?|Ids?|_uuids?|_keys?|_names?|_slugs?|_numbers?|No|_codes?|Codes?|_refs?|_tokens?)$"
)
IDENTITY = re.compile(r"(^|_)(ids?|uuids?|refs?)$|(?<=[a-z])(Ids?|Uuids?|Refs?)$")
# Another one of the same kind: `parent`, `replyTo`, `duplicate_of`, `clonedFromId`.
SIBLING = re.compile(
    r"(parent|(in_)?reply_to|(duplicate|copy|clone|fork|translation|variant|continuation)_of"
    r"|(copied|cloned|forked|duplicated|derived|continued)_from"
    r"|supersedes|replaces|blocks|blocked_by|depends_on|related_to|linked_to|based_on)(_ids?)?"
)
VERSION = re.compile(r"(?i)v\d+(\.\d+)*")
BY = re.compile(r"(?i)by[-_]\w|by(?-i:[A-Z])")
# Done to what stands before, whatever it is called: `mark-all-read`, `bulk-price`.
ACTING = re.compile(r"(?i)(bulk|batch|mark)[-_]\w|(bulk|batch|mark)(?-i:[A-Z])")
WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
ARTICLES = frozenset({"the", "a", "an", "s", "of", "to", "id", "ids", "uid", "uids", "uuid",
                      "uuids", "identifier", "identifiers", "this", "its", "whose"})  # fmt: skip
READING = frozenset(
    [
        "get",
        "list",
        "find",
        "search",
        "fetch",
        "read",
        "show",
        "query",
        "count",
        "describe",
        "lookup",
        "export",
        "download",
        "preview",
        "compare",
        "view",
        "check",
    ]
)
MAKING = frozenset(
    ["create", "add", "new", "make", "upload", "submit", "invite", "place", "open", "register"]
)
ENDING = frozenset(
    [
        "delete",
        "remove",
        "revoke",
        "cancel",
        "close",
        "purge",
        "destroy",
        "archive",
        "deactivate",
        "disable",
        "stop",
        "kill",
        "abort",
        "logout",
        "leave",
        "erase",
        "suspend",
        "block",
        "ban",
        "lock",
        "freeze",
        "wipe",
        "drop",
        "expire",
        "terminate",
        "unregister",
        "void",
    ]
)
CHANGING = frozenset(
    [
        "update",
        "set",
        "edit",
        "change",
        "modify",
        "rename",
        "move",
        "transfer",
        "assign",
        "share",
        "approve",
        "pay",
        "finish",
        "promote",
        "restore",
        "rotate",
        "publish",
        "enable",
        "reset",
        "activate",
        "refund",
        "complete",
        "start",
        "login",
        "signin",
        "replace",
        "patch",
        "merge",
        "split",
        "undelete",
        "unarchive",
        "recover",
        "reopen",
        "accept",
        "decline",
        "join",
        "redeem",
        "claim",
    ]
)
# Of several things one is left.
MERGING = frozenset({"merge", "combine", "consolidate", "absorb"})
UPDATING = frozenset({"update", "edit", "change", "patch", "modify"})
# Alone in a segment these are nouns as often as verbs.
NOUNS = frozenset({"view", "check", "count", "export", "share", "place", "query", "set", "start"})
VERBS = READING | MAKING | ENDING | CHANGING
SIGNING = frozenset(
    [
        "password",
        "passwords",
        "passwd",
        "credential",
        "credentials",
        "email",
        "mfa",
        "totp",
        "otp",
        "pin",
        "logout",
        "login",
    ]
)
# The caller himself, as a path names him.
SELF = frozenset({"me", "self", "whoami", "who_am_i", "profile", "account", "current"})
# Where a path begins with these, and no name follows, it is about the caller's own account.
OWN = frozenset({*SELF, "user"})
# What an account is called by, beside its id.
ACCOUNT = frozenset({"username", "user_name", "email", "login", "handle", "nickname"})
# Of these a caller may lose the credential that he has.
SESSIONS = SIGNING | {"auth", "oauth", "session", "sessions", "refresh", "signin", "signout", "sso"}
RESERVED = frozenset({"id", "ids", "uuid", "key", "ref"})
WRAPPERS = frozenset({
    "data", "item", "items", "result", "results", "records", "content", "entries", "values",
    "payload", "response", "object", "list", "rows", "page", "body", "attributes", "relationships",
})  # fmt: skip
# What an object is to a request, before its kind or instead of it: `toWarehouse`, `sourceId`.
PARTS = frozenset(
    [
        "source",
        "target",
        "from",
        "to",
        "parent",
        "other",
        "origin",
        "destination",
        "src",
        "dst",
        "old",
        "new",
        "original",
        "primary",
        "default",
        "keep",
        "into",
        "merge",
        "duplicate",
    ]
)
# Whoever something is sent to, by his name or address.
RECIPIENTS = frozenset({"to", "recipient", "receiver", "addressee", "payee", "beneficiary"})
# Whoever is named by what he is to an object: `mentions`, `assigneeId`, `notify`.
PARTAKING = frozenset({
    "mention", "mentioned", "assignee", "assigned", "reviewer", "approver", "watcher", "subscriber",
    "follower", "participant", "attendee", "notify",
})  # fmt: skip
# What whoever may read something usually says or marks of it, as his own.
SAYINGS = frozenset({
    "comment", "reply", "reaction", "like", "vote", "rating", "feedback", "star", "favorite",
    "favourite", "bookmark", "follow", "watch", "subscription",
})  # fmt: skip
# What lets somebody in, or tells him what happens here: nobody hands it in as he would a report.
SETTINGS = frozenset({
    "hook", "webhook", "key", "secret", "credential", "integration", "token",
})  # fmt: skip
# Of many objects at once, which says neither what is done nor to what.
GROUPING = frozenset({"bulk", "batch", "many", "all"})
# Done by somebody else than who made it: whoever has the code of an invitation.
TAKING = frozenset({"accept", "decline", "join", "redeem", "claim"})
REVIVING = frozenset({"restore", "undelete", "unarchive", "recover", "reopen", "revive"})


def words_of(name: str) -> list[str]:
    """The words of a name in any style: `getInvoice`, `api-keys`, `run_id`."""
    return [word.lower() for word in WORDS.findall(name)]


def verb_of(path: str) -> str:
    """The verb that the last segment says, `/invoices:cancel` or `/getInvoice`, or nothing."""
    last = path.rstrip("/").rpartition("/")[2]
    if marks_read(path):
        return "mark"
    tail = last.rpartition("}")[2] if "}" in last else last
    tail = tail[tail.rfind(".") :] if "." in tail else tail
    words = [word for word in words_of(tail) if word not in GROUPING]
    if not words:
        return ""
    otherwise = "update" if is_done_to_many(last) else ""
    verbs = VERBS if len(words) > 1 or tail[:1] in {":", "."} else VERBS - NOUNS
    return next((word for word in (words[0], words[-1]) if word in verbs), otherwise)


def is_done_to_many(segment: str) -> bool:
    """Does it say what is done to what stands before (`batch-price`), and name nothing itself?"""
    last = words_of(segment)[-1:]
    return ACTING.match(segment) is not None and [stem(each) for each in last] == last


def marks_read(path: str) -> bool:
    """Is "read" what becomes of something (`/{id}/read`, `/read-all`, `markRead`), not a verb?"""
    before, _, last = path.rstrip("/").rpartition("/")
    words = words_of(last.rpartition(".")[2])
    alone = last == "read" and before.endswith("}")
    return "read" in words and (alone or "mark" in words or last in {"read-all", "read_all"})


@lru_cache(maxsize=4096)
def resource_of(path: str) -> str:
    """What an operation is about: `/projects/{id}/runs` → `run`, `/getInvoice` → `invoice`."""
    for segment in reversed(path.strip("/").split("/")):
        noun = "" if PARAMETER.search(segment) else noun_of(segment)
        if noun:
            return noun
    return ""


def noun_of(segment: str) -> str:
    """A segment without the verb at its start or end, in the singular.

    What follows a dot is what is done, or a format: `payment.record`, `report.csv`. A version
    names nothing, also where it follows the noun: `/users/v1/{name}`; nor does `by-sku`, nor what
    is done to many: `batch-price`, `mark-read`.
    """
    if VERSION.fullmatch(segment) or BY.match(segment):
        return ""
    segment = segment.rpartition(".")[0] or segment
    segment = segment.partition(":")[0] or segment  # a custom method, as AIP-136 writes it
    words = [word for word in words_of(segment) if word not in GROUPING]
    if is_done_to_many(segment):
        return ""
    if len(words) == 1:
        return "" if words[0] in VERBS - NOUNS else stem(words[0])
    while words and words[0] in VERBS:
        words = words[1:]
    while words and words[-1] in VERBS:
        words = words[:-1]
    return stem("_".join(words))


@lru_cache(maxsize=4096)
def resource_in(name: str) -> str:
    """The resource that a field or parameter refers to: `sourceRunId` → `source_run`.

    Of a name with brackets the last one counts: `filter[customer]` → `customer`.
    """
    inner = name.rstrip("]").rpartition("[")[2]
    return stem("_".join(words_of(SUFFIX.sub("", inner))))


def slots_of(path: str) -> tuple[tuple[str, str], ...]:
    """For each path parameter the resource before it and its own name.

    `/v1/runs/{run_id}/metrics/{key}` gives `(("run", "run_id"), ("metric", "key"))`. Of two that
    stand together the last is what the segment says where both agree: in `/repos/{owner}/{repo}`
    the first is an owner.
    """
    slots: list[tuple[str, str]] = []
    before, together = "", False
    for segment in path.strip("/").split("/"):
        found = PARAMETER.findall(segment)
        for name in found:
            again = bool(slots) and together and resource_in(name) == slots[-1][0]
            if again:
                slots[-1] = (resource_in(slots[-1][1]), slots[-1][1])
            slots.append((before or resource_in(name), name))
            before = ""
        together = bool(found)
        before = "" if found else noun_of(segment) or before
    return tuple(slots)


def field_of(header: str) -> str:
    """A header as a body would call it: `X-Tenant-Id` → `tenant_id`."""
    return header.lower().replace("-", "_").removeprefix("x_")


def parents_of(path: str, values: tuple[str, ...]) -> dict[str, str]:
    """The ids in a path, by the resource that each stands for."""
    slots = slots_of(path)
    return {resource: value for (resource, _), value in zip(slots, values, strict=True)}


def stem(word: str) -> str:
    """The singular of a resource's name, good enough to compare names."""
    low = word.lower().replace("-", "_")
    if low.endswith("ies"):
        return low[:-3] + "y"
    if low.endswith(("sses", "xes", "ches", "shes")):
        return low[:-2]
    return low[:-1] if low.endswith("s") and not low.endswith("ss") else low


def is_identity(name: str) -> bool:
    """Does a field's name say that it holds an id?"""
    return IDENTITY.search(name) is not None


@lru_cache(maxsize=4096)
def names_people(name: str) -> bool:
    """Does a field of this name say who has a part in something, and not how many or since when?"""
    words = words_of(SUFFIX.sub("", name))
    plain = [stem(word) for word in words if word not in {"to", "user", "users", "by"}]
    return len(plain) == 1 and plain[0] in PARTAKING


@lru_cache(maxsize=4096)
def is_sibling(name: str) -> bool:
    """Does a field of this name refer to another one of what the request is about?"""
    return SIBLING.fullmatch("_".join(words_of(name))) is not None


def noun_in(text: str) -> str:
    """The only noun of a description, in the singular; "" where it says more."""
    words = [word for word in words_of(text) if word not in ARTICLES]
    return stem(words[0]) if len(words) == 1 else ""
