"""How would somebody describe each held-out service in a target file, having read its document?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gate.testbed.external import External, external
from tests.targets import (
    heldout_atlas,
    heldout_atlas_target,
    heldout_bazaar,
    heldout_bazaar_target,
    heldout_board,
    heldout_board_target,
    heldout_books,
    heldout_books_target,
    heldout_campus,
    heldout_campus_target,
    heldout_clinic,
    heldout_deals,
    heldout_deals_target,
    heldout_depot,
    heldout_depot_target,
    heldout_fleet,
    heldout_fleet_target,
    heldout_folio,
    heldout_folio_target,
    heldout_forge,
    heldout_forge_target,
    heldout_garage,
    heldout_garage_target,
    heldout_helpdesk,
    heldout_invoicing,
    heldout_payroll,
    heldout_payroll_target,
    heldout_studio,
    heldout_studio_target,
    heldout_warehouse,
)
from tests.targets.serving import Threaded, asgi, running, wsgi

# These say themselves how they are described: actors, variables, hints.
OLDER = {
    "garage": heldout_garage_target,
    "bazaar": heldout_bazaar_target,
    "board": heldout_board_target,
}
# The third set and later ones: no test of the engine knows of them before they were measured once.
BLIND = {
    "payroll": heldout_payroll_target,
    "campus": heldout_campus_target,
    "deals": heldout_deals_target,
    "depot": heldout_depot_target,
    "fleet": heldout_fleet_target,
    "folio": heldout_folio_target,
    "atlas": heldout_atlas_target,
    "books": heldout_books_target,
    "studio": heldout_studio_target,
    "forge": heldout_forge_target,
}
DESCRIBED = {**OLDER, **BLIND}
MODULES = {
    "helpdesk": heldout_helpdesk,
    "invoicing": heldout_invoicing,
    "clinic": heldout_clinic,
    "warehouse": heldout_warehouse,
    **OLDER,
}
SERVED = {**MODULES, **BLIND}
LOGIN = """
[[actors]]
tenant = "{tenant}"
role = "{role}"
[actors.login]
path = "/v1/sessions"
token = "data.attributes.token"
[actors.login.body.data.attributes]
email = "{email}"
password = "${{{variable}}}"
"""
RPC_LOGIN = """
[[actors]]
tenant = "{tenant}"
role = "{role}"
[actors.login]
path = "/api/auth.login"
token = "result.apiKey"
send = "X-Api-Key"
template = "{{token}}"
[actors.login.body]
user = "{user}"
password = "${{{variable}}}"
"""
HEADER = """
[[actors]]
tenant = "{tenant}"
role = "{role}"
headers = {{ "{header}" = "{prefix}${{{variable}}}" }}
"""
# What the documents say in words: who may see what on purpose, and what cannot be guessed.
HINTS = {
    "helpdesk": """
[hints]
roles = ["agent", "owner"]
public = ["GET /v1/status"]
shared = ["GET /v1/articles", "GET /v1/articles/{articleId}", "GET /v1/categories"]
""",
    "invoicing": """
[hints]
roles = ["clerk", "owner"]
public = ["GET /public/invoices/{token}"]
shared = ["POST /api/product.list", "POST /api/taxRate.list", "POST /api/account.lookup"]
values = { slug = "mill" }
""",
    "clinic": """
[hints]
roles = ["carer", "owner"]
public = ["GET /doctors", "GET /doctors/*", "GET /links/{link_token}"]
values = { doctor_id = "d-1" }
""",
    "warehouse": """
[hints]
roles = ["picker", "owner"]
public = ["GET /api/catalogue", "GET /api/catalogue/{gtin}"]
shared = ["GET /api/carriers"]
values = { gtin = "0731" }
""",
}
SEATS: dict[str, tuple[str, str, dict[str, tuple[str, str]]]] = {
    "clinic": (
        "Authorization",
        "Bearer ",
        {
            key: (user, "owner" if role == "patient" else "carer")
            for key, (user, role) in heldout_clinic.TOKENS.items()
        },
    ),
    "warehouse": (
        "Authorization",
        "Token ",
        {
            key: (tenant, "owner" if role == "manager" else "picker")
            for key, (tenant, role) in heldout_warehouse.KEYS.items()
        },
    ),
}
MAKERS: dict[str, Callable[[str], Any]] = {
    "helpdesk": heldout_helpdesk.Desk,
    "clinic": heldout_clinic.clinic,
    "warehouse": heldout_warehouse.Stock,
    "bazaar": heldout_bazaar.Bazaar,
    "board": heldout_board.Board,
    "payroll": heldout_payroll.Office,
    "campus": heldout_campus.campus,
    "deals": heldout_deals.deals,
    "depot": heldout_depot.Depot,
    "fleet": heldout_fleet.Fleet,
    "atlas": heldout_atlas.Atlas,
    "books": heldout_books.Books,
    "studio": heldout_studio.Studio,
    "forge": heldout_forge.Forge,
}
# These speak ASGI, the others WSGI.
ASYNCHRONOUS: dict[str, Callable[[str], Any]] = {
    "garage": heldout_garage.garage,
    "folio": heldout_folio.folio,
}


def server(service: str, flaw: str) -> Callable[[tuple[str, int]], Any]:
    if service == "invoicing":
        billing = heldout_invoicing.Billing(flaw)
        door = type("Bound", (heldout_invoicing.Counter,), {"billing": billing})
        return lambda address: Threaded(address, door)
    if service in ASYNCHRONOUS:
        return asgi(ASYNCHRONOUS[service](flaw))
    return wsgi(MAKERS[service](flaw))


def description(service: str, base_url: str, hints: bool = True) -> tuple[str, dict[str, str]]:
    """The target file's text and the variables that it refers to."""
    text, environment = f'name = "{service}"\nbase_url = "{base_url}"\n', {}
    if service in DESCRIBED:
        said: Any = DESCRIBED[service]
        return text + said.ACTORS + (said.HINTS if hints else ""), dict(said.ENVIRONMENT)
    if service == "helpdesk":
        for email, (tenant, role, password, _) in heldout_helpdesk.USERS.items():
            seat = "owner" if role == "admin" else role
            variable = f"{tenant}_{seat}".upper()
            environment[variable] = password
            text += LOGIN.format(tenant=tenant, role=seat, email=email, variable=variable)
    elif service == "invoicing":
        for tenant, role, user in heldout_invoicing.KEYS.values():
            variable = f"{tenant}_{role}".upper()
            environment[variable] = f"{user}-secret"
            text += RPC_LOGIN.format(tenant=tenant, role=role, user=user, variable=variable)
    else:
        header, prefix, seats = SEATS[service]
        for key, (tenant, seat) in seats.items():
            variable = f"{tenant}_{seat}".upper()
            environment[variable] = key
            text += HEADER.format(
                tenant=tenant, role=seat, header=header, prefix=prefix, variable=variable
            )
    return text + (HINTS[service] if hints else ""), environment


@contextmanager
def heldout(service: str, flaw: str, folder: Path, hints: bool = True) -> Iterator[External]:
    """A build of the service as a testbed, by its target file."""
    with running(server(service, flaw)) as base_url:
        text, environment = description(service, base_url, hints)
        file = folder / "target.toml"
        file.write_text(text, encoding="utf-8")
        with external(file, folder, 11, environment) as testbed:
            yield testbed
