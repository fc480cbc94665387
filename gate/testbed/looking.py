"""Where is the document of a service, and below which address are its operations?"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from gate.check import NoAnswerError
from gate.errors import SetupError, UsageError
from gate.testbed.client import HttpClient
from gate.testbed.documents import read_document, read_file
from gate.testbed.enrolment import Document, member, operations
from gate.testbed.target_draft import draft

PLACES = (
    "/openapi.json",
    "/openapi.yaml",
    "/v1/openapi.json",
    "/api/openapi.json",
    "/api/v1/openapi.json",
    "/v3/api-docs",
    "/api/schema/?format=json",
    "/api/schema/",
    "/api-docs.json",
    "/api-docs",
    "/api-spec.json",
    "/apispec.json",
    "/spec.json",
    "/docs/openapi.json",
    "/swagger.json",
    "/docs",
)
LINK = re.compile(r"""(?i)(?:url|spec-url|href)\s*[:=]\s*["']([^"']+)["']""")
SPECIFICATION = re.compile(r"(?i)openapi|swagger\.(json|ya?ml)|api-docs|schema|spec")
MOST_READS = 5
MISSING, REFUSING = {404, 405}, {401, 403}


def draft_of(url: str, place: str | None, out: Path = Path("target.toml")) -> str:
    """A draft of a target file; UsageError for a bad address, SetupError without a document.

    `url` is the service's address, its document's, or that of the page that shows it. `place` is
    the document's path there, its whole address, or a file.
    """
    if not re.fullmatch(r"https?://[^/\s?#@]+([/?][^\s#]*)?", url):
        raise UsageError(f"{url} is no address of a service, such as http://127.0.0.1:8000.")
    plain = url.partition("?")[0].rstrip("/")
    if place and Path(place).is_file():
        found = read_file(Path(place))
        written = os.path.relpath(place, out.parent)
        return draft(base_of(found, [plain, origin(url)]), written, found)
    address, found = document_of(url, place)
    likely = [plain, origin(url)] if address.startswith(f"{plain}/") else [origin(url), plain]
    base = base_of(found, likely[:1] if address == url else likely)
    below = address.startswith(f"{base}/")
    return draft(base, address.removeprefix(base) if below else address, found)


def origin(address: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def document_of(url: str, place: str | None) -> tuple[str, Document]:
    """The address of the document and what it says; SetupError tells where was looked."""
    asked, hint = [], ""
    for address in named(url, place) if place else places(url):
        status, text = fetched(address)
        if status in REFUSING:
            hint = hint or f"{address} asks for a credential (HTTP {status}): save the document"
        for each in (address, *linked(address, text)) if text else ():
            said = text if each == address else fetched(each)[1]
            try:
                return each, read_document(said, each)
            except SetupError as error:
                if "Swagger" in str(error) or place:
                    hint = hint or str(error)
        asked.append(address.removeprefix(origin(url)) or "/")
    if hint:
        raise SetupError(hint if hint[-1] == "." else f"{hint} and name its file with --openapi.")
    raise SetupError(
        f"{origin(url)} shows no OpenAPI document at {', '.join(asked)}; "
        "name its path, its address or a file with --openapi."
    )


def named(url: str, place: str) -> list[str]:
    """Where a document may be that is called so: its whole address, below the URL, or the host."""
    below = [url.rstrip("/") + place] if place.startswith("/") else []
    return list(dict.fromkeys([*below, urljoin(f"{url.rstrip('/')}/", place)]))


def places(url: str) -> Iterator[str]:
    """Where to look: at the address itself, in the usual places below it, then below its host."""
    yield url
    plain = url.partition("?")[0].rstrip("/")
    yield from (plain + each for each in PLACES)
    if plain != origin(url):
        yield from (origin(url) + each for each in PLACES)


def fetched(address: str) -> tuple[int, str]:
    """The status and what is there, "" when nothing is; SetupError when the host is silent."""
    with closing(HttpClient(base_url=address)) as nobody:
        try:
            answer = nobody.request("GET", "")
            if answer.status in {301, 302, 303, 307, 308}:
                moved = urljoin(address, answer.headers.get("location", ""))
                with closing(HttpClient(base_url=moved)) as there:
                    answer = there.request("GET", "")
        except NoAnswerError as error:
            said = str(error).partition(": ")[2]
            raise SetupError(f"{origin(address)} does not answer ({said}).") from error
    return answer.status, answer.body if answer.status == 200 else ""  # noqa: PLR2004 - OK


def linked(address: str, text: str) -> list[str]:
    """The documents that a page of Swagger UI or Redoc shows."""
    if not text.lstrip().startswith("<"):
        return []
    found = [urljoin(address, each) for each in LINK.findall(text) if SPECIFICATION.search(each)]
    return [each for each in dict.fromkeys(found) if origin(each) == origin(address)][:3]


def base_of(document: Document, addresses: Sequence[str]) -> str:
    """The address below which most of the operations are; of equal ones the first.

    The path of `servers` comes before all; their host is often another installation's.
    """
    servers = document.get("servers")
    first = member(servers[0], "url") if isinstance(servers, list) and servers else None
    path = urlsplit(str(first or "")).path.strip("/")
    said = [f"{origin(addresses[0])}/{path}"] if path and "{" not in path else []
    choices = list(dict.fromkeys([*said, *addresses]))
    return max(choices, key=lambda each: answered(document, each)) if choices[1:] else choices[0]


def check_address(base_url: str, document: Document) -> None:
    """UsageError when the operations are below another path, as the document's `servers` say."""
    found = base_of(document, [base_url])
    if found != base_url and answered(document, found) > answered(document, base_url) == 0:
        raise UsageError(
            f"Nothing that the document names is at {base_url}; its operations are at {found}: "
            f'write base_url = "{found}", and openapi = the whole address of the document.'
        )


def answered(document: Document, base_url: str) -> int:
    """How many of the document's reads are there, whoever may read them."""
    reads = [
        path for method, path, _ in operations(document) if method == "GET" and "{" not in path
    ]
    with closing(HttpClient(base_url=base_url)) as nobody:
        statuses = []
        for path in reads[:MOST_READS]:
            try:
                statuses.append(nobody.request("GET", path).status)
            except NoAnswerError as error:
                raise SetupError(f"{base_url} does not answer ({error}).") from error
    return sum(status not in MISSING for status in statuses)
