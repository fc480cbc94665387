"""How is a filter written as a text: as the document shows it, or as OData has it?"""

from __future__ import annotations

import re

from gate.model import Json
from validators.document.operations import Object

# One comparison in a filter as documents show it: `title eq 'x'`, `status:open`, `name=="x"`.
TERM = re.compile(
    r"(?<![\w'\"/.?&])[A-Za-z_]\w*(?P<sign>\s+eq\s+|\s?==\s?|=|:)(?P<quote>['\"]?)[\w@.-]+(?P=quote)"
)
OPPOSITE = {"eq": "ne", "==": "!=", "=": "!="}
ODATA = "$filter"


def written(parameter: str, schema: Object, name: str, value: Json, *, equal: bool = True) -> str:
    """The comparison of a field with a value, as the document shows it or as OData has it; or "".

    That it is not `equal` where a way to say so is known. Source: OData 4.01, Part 2: URL
    Conventions, section 5.1.1.
    """
    if term := term_in(schema):
        sign, quote = term["sign"], term["quote"]
    elif parameter == ODATA:
        sign, quote = " eq ", "'" if isinstance(value, str) else ""
    else:
        return ""
    word = sign.strip()
    if not equal:
        sign = sign.replace(word, OPPOSITE[word]) if word in OPPOSITE else ""
    return f"{name}{sign}{quote}{value}{quote}" if sign else ""


def term_in(schema: Object) -> re.Match[str] | None:
    """A comparison that the document shows of a text, in its description or an example."""
    examples = schema.get("examples")
    said = [schema.get("example"), *(examples if isinstance(examples, list) else ())]
    texts = (each for each in (*said, schema.get("description")) if isinstance(each, str))
    return next((found for text in texts if (found := TERM.search(text))), None)
