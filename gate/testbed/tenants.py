"""Who are the tenants of the testbed, and what are their members' keys?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from gate.errors import SetupError
from gate.model import Json
from gate.testbed.client import Cast, HttpClient, placeholder

ROLES = ("viewer", "contributor", "maintainer", "admin")
CREATED = 201


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """One member of one tenant and its key."""

    tenant: str
    tenant_id: str
    role: str
    token: str = field(repr=False)

    @property
    def secrets(self) -> dict[str, str]:
        """The key, with the placeholder to print instead."""
        return {self.token: placeholder(self.tenant, self.role)}


def create_tenants(operator: HttpClient, tenants: Sequence[str]) -> tuple[Principal, ...]:
    """Create the tenants through the service's own API, with an owner and a member of each role.

    SetupError when the service refuses.
    """
    return tuple(principal for name in tenants for principal in create_tenant(operator, name))


def create_tenant(operator: HttpClient, name: str) -> Iterator[Principal]:
    """One tenant: first its owner, then the others, whom the owner invites."""
    owner = open_tenant(operator, name, "enterprise")
    tenant_id = owner.tenant_id
    yield owner
    client = as_client(operator.base_url, owner)
    try:
        for role in ROLES:
            yield Principal(
                tenant=name, tenant_id=tenant_id, role=role, token=invite(client, name, role)
            )
    finally:
        client.close()


def open_tenant(operator: HttpClient, name: str, plan: str) -> Principal:
    """The owner of a new tenant."""
    wanted: dict[str, Json] = {
        "name": name,
        "plan": plan,
        "owner_email": f"owner@{name}.example",
    }
    made = post(operator, "/v1/tenants", wanted)
    tenant_id = text(made["tenant"], "id")
    return Principal(tenant=name, tenant_id=tenant_id, role="owner", token=text(made, "api_key"))


def new_owner(operator: HttpClient, name: str) -> HttpClient:
    """The owner of a new tenant on the smallest plan, heard by the operator's tape."""
    owner = as_client(operator.base_url, open_tenant(operator, name, "free"))
    return replace(owner, tape=operator.tape)


def invite(owner: HttpClient, tenant: str, role: str) -> str:
    """The key of a new member."""
    member = post(owner, "/v1/members", {"email": f"{role}@{tenant}.example", "role": role})
    wanted: dict[str, Json] = {"name": f"{role}'s key", "member_id": member["id"]}
    return text(post(owner, "/v1/api-keys", wanted), "secret")


def post(client: HttpClient, path: str, wanted: Json) -> dict[str, Json]:
    """What the service made; SetupError when it did not."""
    answer = client.request("POST", path, body=wanted)
    made = answer.json()
    if answer.status != CREATED or not isinstance(made, dict):
        raise SetupError(f"POST {path} answered {answer.status}: {answer.body[:300]}")
    return made


def text(value: Json, name: str) -> str:
    """A string of an answer; SetupError when it is not there."""
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, str):
        raise SetupError(f"The service's answer has no text {name!r}.")
    return found


def as_client(base_url: str, principal: Principal) -> HttpClient:
    """The principal, able to speak."""
    return HttpClient(
        base_url=base_url,
        tenant=principal.tenant,
        role=principal.role,
        credentials={"Authorization": f"Bearer {principal.token}"},
        secrets=principal.secrets,
    )


def cast_of(operator: HttpClient, principals: Sequence[Principal]) -> Cast:
    """All principals, the operator, and nobody."""
    base_url = operator.base_url
    return Cast(
        {
            ("", "anonymous"): HttpClient(base_url=base_url),
            ("", "operator"): operator,
            **{
                (principal.tenant, principal.role): as_client(base_url, principal)
                for principal in principals
            },
        }
    )
