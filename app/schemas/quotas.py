"""What do quotas and usage look like?"""

from __future__ import annotations

from app.quotas import Resource
from app.schemas.basics import Change, Integer, Output


class Used(Output):
    """How much of a resource there is, and may be."""

    resource: Resource
    used: int
    limit: int


class UsageOut(Output):
    """Every resource's usage."""

    items: list[Used]


class QuotaOut(Output):
    """A resource's limit, and the plan's ceiling that it cannot exceed."""

    resource: Resource
    limit: int
    ceiling: int


class QuotasOut(Output):
    """Every resource's limit."""

    items: list[QuotaOut]


class QuotasChange(Change):
    """New limits; those above the plan's ceiling are refused."""

    projects: Integer = 0
    runs: Integer = 0
    members: Integer = 0
    keys: Integer = 0
    webhooks: Integer = 0
    artifact_bytes: Integer = 0
