"""How do recorded exchanges look as an HTTP Archive (HAR 1.2), which browsers and proxies open?"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from gate.exchanges import Exchange, media_type


def archive(exchanges: Iterable[tuple[Exchange, str]], version: str) -> bytes:
    """A gzipped HAR file; `_why` tells for each entry which finding cites it. Always the same."""
    document = {
        "log": {
            "version": "1.2",
            "creator": {"name": "Maestro", "version": version},
            "entries": [entry(exchange, why) for exchange, why in exchanges],
        }
    }
    return gzip.compress(json.dumps(document).encode(), mtime=0)


def entry(exchange: Exchange, why: str) -> dict[str, Any]:
    """One exchange; sizes that are not known are -1, as the format says."""
    milliseconds = round(exchange.seconds * 1000, 3)
    return {
        "startedDateTime": exchange.started,
        "time": milliseconds,
        "request": request(exchange),
        "response": response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "_why": why,
        **({"_error": exchange.error} if exchange.error else {}),
    }


def request(exchange: Exchange) -> dict[str, Any]:
    """What was sent."""
    query = parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True)
    body = exchange.request_body
    sent = {"mimeType": media_type(exchange.request_headers), "text": body or ""}
    return {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": named(exchange.request_headers),
        "queryString": named(query),
        "headersSize": -1,
        "bodySize": -1 if body else 0,
        **({"postData": sent} if body is not None else {}),
    }


def response(exchange: Exchange) -> dict[str, Any]:
    """What came back."""
    headers: Mapping[str, str] = {name.lower(): value for name, value in exchange.answer_headers}
    return {
        "status": exchange.status,
        "statusText": exchange.reason,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": named(exchange.answer_headers),
        "content": {
            "size": len(exchange.answer_body.encode()),
            "mimeType": media_type(exchange.answer_headers),
            "text": exchange.answer_body,
        },
        "redirectURL": headers.get("location", ""),
        "headersSize": -1,
        "bodySize": -1,
    }


def named(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Pairs as the format writes them."""
    return [{"name": name, "value": value} for name, value in pairs]
