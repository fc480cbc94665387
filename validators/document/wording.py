"""What does a document say in words of who sees what? Read from an operation's prose."""

from __future__ import annotations

import re

from validators.document.names import ACCOUNT, words_of
from validators.document.operations import Operation

WHO = "(tenants|organi[sz]ations|accounts|customers|companies|clients|workspaces|teams|users)"
OF_ALL = re.compile(
    rf"(?i)\ball {WHO} (together|combined|alike)\b|\bacross (all )?{WHO}\b"
    r"|\b(whole|entire) platform\b|\bplatform[- ]wide\b"
)
# That something is shared by design: with the tenants, not with the people of one of them.
FOR_ALL = re.compile(
    r"(?i)(?<!not )(?<!never )"
    r"\b(shown|visible|open|available|shared|readable|accessible|known) (to|for|with|by) "
    r"(everybody|(all|every) (the )?((tenant|organi[sz]ation|account|customer|client|workspace)s?"
    r"|teams?|compan(y|ies)|(registered|signed[- ]in|logged[- ]in) users?))\b"
    r"(?! (of|in|within|from)\b)"
)
OTHERS = re.compile(
    r"(?i)\b(find|look ?up|search for|discover) (another|other|any other) "
    r"(user|customer|member|person|people|player|account)s?\b"
)


# That nothing of the old secret is left: no word of a time in which both work.
OLD_ENDS = re.compile(
    r"(?i)\b((old|previous|former|prior|existing|current)( \w+){0,3}"
    r"|(one|secret|token|key)s?( (of|from))? before( it)?) "
    r"((is|are|will be|gets?) )?(\w+ )?"
    r"\b(ends?|ended|expires?|stops? working|revoked|invalid(ated)?|disabled|retired|replaced"
    r"|no longer (accepted|valid|works?|working|usable))\b"
)
WHILE = re.compile(
    r"(?i)\b(not|never|after|within|until|unless|grace|overlap|later|for|seconds?|minutes?|hours?"
    r"|days?|if|may|can|might|optional(ly)?|eventually|soon)\b|n't\b"
)
THEM = r"(sessions?|(access |refresh )?tokens?|devices?|logins?|api[- ]keys?)"
OTHER = r"(all|every|any|each|other|existing|active|open|remaining|previous|current)"
OUT = (
    r"(signed out|logged out|revoked|invalidated|ended|terminated|closed|expired|destroyed|dropped"
    r"|deleted|no longer (valid|accepted))"
)
WHOSE = r"((the|your|his|their|a|user's|other|existing|active) )*"
SESSIONS_END = re.compile(
    rf"(?i)\b{OTHER} (of )?{WHOSE}{THEM}( \w+){{0,4}} (is|are|will be|get) "
    rf"(immediately |also |then )?{OUT}\b"
    rf"|\b(signs? out|logs? out|revokes?|invalidates?|ends?|terminates?|closes?|destroys?) "
    rf"{OTHER} (of )?{WHOSE}{THEM}\b"
    r"|\b(signs?|logs?|signed|logged) (you |them |(the |its )(user|holder|account) )?out "
    r"(everywhere|everybody|anywhere|everyone) else\b"
)
UNLESS = re.compile(
    r"(?i)\b(not|never|unless|if|may|can|might|optional(ly)?|keeps?|remains?)\b|n't\b"
)
ONCE = re.compile(
    r"(?i)\b(works?|used|usable|valid|accepted|good|redeemed|redeemable) (only |just )?once\b"
    r"|\b(single|one)[- ](use|time)\b|\bonce only\b"
    r"|\b(use|accept|redeem|claim|take)s? (it|them|this|that),? (only |just )?once(?=$|[,)])"
)
UNLESS_TWICE = re.compile(r"(?i)\b(not|never|unless|if|may|might|optional(ly)?|than)\b|n't\b")
SCOPES_CUT = re.compile(
    r"(?i)\b(scopes?|permissions?|rights)\b[^.]{0,40}\b(exceed|beyond|above|more than|outside)\b"
    r"[^.]{0,40}\b(dropped|removed|ignored|refused|rejected|stripped|cut|denied|not granted)\b"
)
TAKEN = re.compile(r"(?i)\b409\b|\bunique|\balready\b|\bduplicate|\btaken\b|\bin use\b|\bconflict")
OWNING = "(tenant|organi[sz]ation|org|account|workspace|company|team|customer)"
WITHIN = re.compile(
    rf"(?i)\b(within|inside|in|per) ((the|an?|its|your|this|same|each|own|one) )*{OWNING}\b"
    rf"|\b{OWNING} (already )?(has|have|owns|uses)\b"
)
EVERYWHERE = re.compile(r"(?i)\b(all|every|any|other|another|across|global(ly)?|worldwide)\b")
ALMOST = re.compile(r"(?i)\b(unless|if|may be|can be|might)\b")
SENTENCE = re.compile(r"[.;!?]\s+|\n")
CLAUSE = re.compile(r"[.;!?]\s+|\n\s*\n")


def promised(pattern: re.Pattern[str], unless: re.Pattern[str], operation: Operation) -> str:
    """The sentence or clause of its prose that says so without a reserve; "" for none."""
    said = (operation.prose.get(place, "") for place in ("summary", "description"))
    clauses = [clause for text in said for clause in SENTENCE.split(text)]
    fitting = (each for each in clauses if pattern.search(each) and not unless.search(each))
    return next(fitting, "").strip().rstrip(".")


def ends_old(operation: Operation) -> str:
    """The words by which the document promises that a rotated secret ends at once."""
    return promised(OLD_ENDS, WHILE, operation)


def cuts_scopes(operation: Operation) -> str:
    """The words by which the document promises that a key gets no more than its maker has."""
    return promised(SCOPES_CUT, ALMOST, operation)


def unique_within(operation: Operation, name: str, described: str) -> str:
    """The words by which one value of a field is one tenant's own matter; "" for none.

    "409 when the account has a device with this serial": another account may have it as well.
    """
    said = [operation.prose.get(place, "") for place in ("summary", "description", "answer 409")]
    about = " ".join(words_of(name))
    clauses = [clause for text in said for clause in CLAUSE.split(text)]
    fitting = [each for each in clauses if f" {about} " in f" {' '.join(words_of(each))} "]
    return next(
        (
            " ".join(each.split()).rstrip(".")
            for each in (*fitting, *CLAUSE.split(described))
            if TAKEN.search(each) and WITHIN.search(each) and not EVERYWHERE.search(each)
        ),
        "",
    )


def ends_sessions(operation: Operation) -> str:
    """The words by which the document promises that other sessions end with a password."""
    return promised(SESSIONS_END, UNLESS, operation)


def works_once(operation: Operation) -> str:
    """The words by which the document promises that what it takes is taken once."""
    return promised(ONCE, UNLESS_TWICE, operation)


def first(pattern: re.Pattern[str], operation: Operation) -> str:
    """The first words of its summary or description that the pattern finds; "" for none."""
    said = (operation.prose.get(place, "") for place in ("summary", "description"))
    return next((found[0] for text in said if (found := pattern.search(text))), "")


def of_all(operation: Operation) -> bool:
    """Does the document say that what it tells is of all tenants together?"""
    return bool(first(OF_ALL, operation))


def for_all(operation: Operation) -> str:
    """The words by which the document shares with all tenants what it shows; "" for none."""
    return first(FOR_ALL, operation)


def finds_people(operation: Operation) -> bool:
    """Is it a directory, where by the document's words others are looked up by their names?"""
    by_name = operation.reads_one and operation.names[-1].lower() in ACCOUNT
    return by_name and bool(first(OTHERS, operation))
