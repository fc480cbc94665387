"""How are servers used that are installed already, without leaving anything behind on them?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from gate.errors import UsageError
from gate.testbed.provision import Schema, drop, provision
from gate.testbed.site import Site


@contextmanager
def scratch(site: Site, admin_url: str, schema: Schema, checkout: Path) -> Iterator[None]:
    """The database and roles of `schema`, made on that server and dropped in every case.

    Only a runner that is killed leaves them, for then nobody holds the password any more.
    """
    try:
        provision(site, admin_url, schema, checkout)
        yield
    finally:
        drop(admin_url, schema)


def as_libpq(url: str) -> str:
    """The URL as libpq reads it, without SQLAlchemy's driver; UsageError when it is none."""
    scheme, _, rest = url.partition("://")
    if scheme.partition("+")[0] not in {"postgresql", "postgres"} or not rest:
        raise UsageError(
            "The database must be a URL such as postgresql://user:password@127.0.0.1:5432/postgres."
        )
    return f"postgresql://{rest}"


def server_secrets(url: str, placeholder: str) -> dict[str, str]:
    """The password of an installed server, where it stands in a URL.

    Alone it is not replaced: it may be a plain word, and the evidence would become unreadable.
    """
    password = urlsplit(url).password
    return {f":{password}@": f":{placeholder}@"} if password else {}
