"""Which regular expression describes every filter, and every order?

For the OpenAPI document (ECMA-262, no look-around), in the words of `app.filters.parse`.
"""

from __future__ import annotations

from app.filters.parse import MOST_TERMS


def _word(text: str) -> str:
    return "".join(f"[{letter}{letter.upper()}]" for letter in text)


def _any(*choices: str) -> str:
    return f"(?:{'|'.join(choices)})"


BLANK, BLANKS = r"[ \t\r\n]*", r"[ \t\r\n]+"
KEY = r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}|`(?:[^`\u0000]|``){1,100}`)"
NUMBER = r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,2})?"
TEXT = r"'(?:[^'\u0000]|'')*'"
LIKENESS = r"'(?:[^'\\\u0000]|''|\\[^'\u0000]|\\'')*'"
ID = "'[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}'"
EQUAL, ORDERING = f"{BLANK}!?={BLANK}", f"{BLANK}[<>]=?{BLANK}"
LIKE = f"{BLANKS}[iI]?{_word('like')}{BLANKS}"
IN = f"{BLANKS}(?:{_word('not')}{BLANKS})?{_word('in')}{BLANK}"
ATTRIBUTES = r"attributes\."


def _one_of(value: str) -> str:
    return rf"{IN}\({BLANK}{value}(?:{BLANK},{BLANK}{value})*{BLANK}\)"


TERM = _any(
    rf"metrics\.{KEY}{_any(EQUAL, ORDERING)}{NUMBER}",
    rf"{ATTRIBUTES}created_at{ORDERING}{NUMBER}",
    rf"(?:(?:params|tags)\.{KEY}|{ATTRIBUTES}name)"
    + _any(EQUAL + TEXT, LIKE + LIKENESS, _one_of(TEXT)),
    rf"{ATTRIBUTES}status{_any(EQUAL + TEXT, _one_of(TEXT))}",
    rf"{ATTRIBUTES}(?:id|experiment_id){_any(EQUAL + ID, _one_of(ID))}",
)
JOINT = BLANKS + _any(_word("and"), _word("or")) + BLANKS
FILTER = rf"^{BLANK}{TERM}(?:{JOINT}{TERM}){{0,{MOST_TERMS - 1}}}{BLANK}$"
ORDER = (
    rf"^{BLANK}(?:(?:metrics|params|tags)\.{KEY}|{ATTRIBUTES}(?:name|created_at))"
    rf"(?:{BLANKS}{_any(_word('asc'), _word('desc'))})?{BLANK}$"
)
