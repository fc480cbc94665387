"""Under which name is a file offered for download?"""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

from werkzeug.http import dump_options_header

# What RFC 8187 §3.2.1 lets stand unescaped, besides letters and digits.
ATTRIBUTE_CHARACTERS = "!#$&+^`|~-._"


def disposition(filename: str) -> str:
    """A `Content-Disposition` (RFC 6266) that never lets a browser show the file.

    A name beyond ASCII is given twice, for old and for new clients.
    """
    plain = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode()
    names = {"filename": plain}
    if plain != filename:
        names["filename*"] = f"UTF-8''{quote(filename, safe=ATTRIBUTE_CHARACTERS)}"
    return dump_options_header("attachment", names)
