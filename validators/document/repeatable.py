"""Which operations does a key make repeatable, so that their answers are kept?"""

from __future__ import annotations

import re

from validators.document.operations import METHODS, Object, as_list, as_object, resolve

HEADER = re.compile(r"(?i)idempotency[-_]?key$")


def declared_headers(document: Object) -> dict[str, str]:
    """By operation the header that makes it repeatable, where the document declares one."""
    found = {}
    for path, item in as_object(document.get("paths")).items():
        shared = as_list(as_object(item).get("parameters"))
        for method in METHODS:
            own = as_list(as_object(as_object(item).get(method)).get("parameters"))
            for each in (resolve(document, one) for one in (*shared, *own)):
                name = str(each.get("name", ""))
                if method in as_object(item) and each.get("in") == "header" and HEADER.search(name):
                    found[f"{method.upper()} {path}"] = name
    return found
