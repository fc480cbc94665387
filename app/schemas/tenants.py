"""What do tenants, members and API keys look like?"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.permissions import Permission, Role
from app.schemas.basics import WHOLE, Change, Id, Input, Name, Output, Page, Stored

Email = Annotated[
    str, StringConstraints(max_length=254, pattern=r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+$")
]
AnyRole = Annotated[Role, Field(strict=False)]


class Plan(StrEnum):
    """What a tenant pays for."""

    FREE = "free"
    TEAM = "team"
    BUSINESS = "business"
    ENTERPRISE = "enterprise"


class TenantIn(Input):
    """A new tenant with its first owner."""

    name: Name
    plan: Annotated[Plan, Field(strict=False)]
    owner_email: Email


class TenantChange(Change):
    """What a tenant's admins may change."""

    name: Name = ""


class TenantOut(Stored):
    """A tenant."""

    name: str
    plan: Plan


class TenantPage(Page[TenantOut]):
    """A page of tenants."""


class NewTenant(Output):
    """A tenant with its owner's first key, which is never shown again."""

    tenant: TenantOut
    api_key: str


class MemberIn(Input):
    """A new member."""

    email: Email
    role: AnyRole


class MemberChange(Change):
    """A member's new role."""

    role: AnyRole = Role.VIEWER


class MemberOut(Stored):
    """A member."""

    email: str
    role: Role


class MemberPage(Page[MemberOut]):
    """A page of members."""


class ApiKeyIn(Input):
    """A new key: by default for oneself, and with everything that the creating key allows."""

    name: Name
    member_id: Id | None = None
    scopes: list[Annotated[Permission, Field(strict=False)]] | None = Field(
        default=None, max_length=len(Permission)
    )
    expires_in_days: Annotated[int, Field(ge=1, le=3650), WHOLE] | None = None


class Rotation(Input):
    """How long the old secret stays good beside the new one, in seconds: at most a day."""

    grace_seconds: Annotated[int, Field(ge=0, le=86400), WHOLE] = 0


class ApiKeyOut(Stored):
    """A key, known by its prefix; null scopes mean everything that the member may do.

    `last_used_at` is noted once an hour.
    """

    name: str
    member_id: UUID
    prefix: str
    scopes: list[Permission] | None
    expires_at: datetime | None
    last_used_at: datetime | None


class ApiKeyPage(Page[ApiKeyOut]):
    """A page of keys."""


class NewApiKey(ApiKeyOut):
    """A new key with its secret, which is never shown again."""

    secret: str


class Me(Output):
    """Who the caller is and what the credential allows; `key_id` is null without an API key."""

    tenant_id: UUID
    member_id: UUID
    key_id: UUID | None
    role: Role
    plan: Plan
    permissions: list[Permission]
