"""Which request headers carry a credential, and which security scheme do a principal's satisfy?"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from validators.document.operations import Object, Operation, as_object, resolve


def scheme_header(declared: Object) -> str | None:
    """The request header that carries a security scheme's credential, in lower case."""
    if declared.get("type") in {"http", "oauth2", "openIdConnect"}:
        return "authorization"
    if declared.get("in") == "cookie":
        return "cookie"
    named = declared.get("name") if declared.get("in") == "header" else None
    return named.lower() if isinstance(named, str) else None


def declared_schemes(document: Object) -> dict[str, Object]:
    """The document's security schemes by their names."""
    declared = as_object(as_object(document.get("components")).get("securitySchemes"))
    return {name: resolve(document, each) for name, each in declared.items()}


def scheme_headers(document: Object) -> set[str]:
    """The request headers that carry a credential by the document, in lower case."""
    found = {scheme_header(each) for each in declared_schemes(document).values()}
    return {name for name in found if name is not None}


def other_ways(document: Object, sent: Collection[str]) -> dict[str, str]:
    """The headers of the document's schemes that a principal does not use, with what they begin by.

    A key that somebody makes may be sent otherwise than his session's cookie.
    """
    used = {name.lower() for name in sent}
    found: dict[str, str] = {}
    for scheme in declared_schemes(document).values():
        header = scheme_header(scheme)
        basic = str(scheme.get("scheme")).lower() == "basic"
        if header is None or header == "cookie" or header in used or basic:
            continue
        named = scheme.get("type") == "apiKey"
        found[str(scheme["name"]) if named else "Authorization"] = "" if named else "Bearer "
    return found


def usable_schemes(
    document: Object, operations: Sequence[Operation], sent: frozenset[str]
) -> frozenset[str]:
    """The schemes that a principal's headers satisfy: one for each header.

    When several schemes use the same header (a tenant's and an operator's bearer token), only the
    one that most operations ask for is taken to be the tenant's.
    """
    headers = {name: scheme_header(each) for name, each in declared_schemes(document).items()}
    asked = [name for each in operations for schemes in each.schemes for name in schemes]
    likeliest: dict[str, str] = {}
    for name in sorted(headers, key=asked.count, reverse=True):
        if (header := headers[name]) is not None and header in sent:
            likeliest.setdefault(header, name)
    return frozenset(likeliest.values())


def is_satisfied(operation: Operation, document: Object, sent: Collection[str]) -> bool:
    """Are these headers of the kind that the operation asks for? Also where no scheme says so."""
    declared, names = declared_schemes(document), {name.lower() for name in sent}

    def is_sent(scheme: str) -> bool:
        header = scheme_header(declared.get(scheme, {}))
        return header is None or header in names

    return operation.public or any(all(map(is_sent, each)) for each in operation.schemes)
