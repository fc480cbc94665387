"""Which right does a clause ask for by its name (`manage_team`, "the right to export")?"""

from __future__ import annotations

import re

ME = r"(?:the |this )?(?:caller|user|requester|account|client|you)s?"
THING = r"(?:endpoint|operation|action|call|method|api|route|resource|access)"
IT = rf"(?:this |the )?(?:{THING} )?(?:is )?"
ASKS = rf"(?:{ME} )?(?:must have|has to have|requires?|needs?) "
SOME = r"(?:those|people|whoever|anybody|anyone|members|colleagues|users|callers)"
HAVING = r"(?:with|having|who ha(?:s|ve)) "
NAMED_RIGHTS = (
    re.compile(
        rf"{ASKS}(?:the )?(?P<right>[a-z]+(?:[_:.-][a-z]+)+) (?:permission|scope|privilege|right)s?"
    ),
    re.compile(
        rf"(?:{IT}(?:only )?for {SOME} {HAVING}|{ASKS})"
        r"the (?:right|permission|privilege) to (?P<right>[a-z]+(?: [a-z]+)??)(?: only)?"
    ),
)


def tidy(clause: str) -> str:
    """The clause in lower case, with single blanks and no stop."""
    return " ".join(clause.lower().split()).strip(" .:,")


def named_right(clause: str) -> str:
    """The right that a clause asks for by its name; "" for none."""
    found = (each.fullmatch(tidy(clause)) for each in NAMED_RIGHTS)
    return next((each["right"] for each in found if each), "")
