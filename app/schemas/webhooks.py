"""What do webhooks and their deliveries look like?"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from app.events import EventName
from app.schemas.basics import Change, Input, Page, Stored, Updated

# A host without user and password, a path without blanks and quotes, and no fragment.
URL = (
    r"^https?://[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?){0,30}"
    r"(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}))?(/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]{0,500})?$"
)
HTTPS_URL = URL.replace("https?", "https", 1)
Url = Annotated[str, StringConstraints(pattern=URL, max_length=1000)]
Events = Annotated[
    list[Annotated[EventName, Field(strict=False)]], Field(min_length=1, max_length=50)
]


class WebhookIn(Input):
    """A new webhook."""

    url: Url
    events: Events


class WebhookChange(Change):
    """A webhook's new address or events; enabling it starts its count of failures again."""

    url: Url = ""
    events: Events = Field(default=[])
    enabled: bool = True


class WebhookOut(Updated):
    """A webhook; `failures` counts the failed attempts in a row."""

    url: str
    events: list[EventName]
    enabled: bool
    failures: int


class NewWebhook(WebhookOut):
    """A new webhook with the secret of its signatures, which is never shown again."""

    secret: str


class WebhookPage(Page[WebhookOut]):
    """A page of webhooks."""


class DeliveryState(StrEnum):
    """How far a delivery has come."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class DeliveryOut(Stored):
    """A delivery and how its last attempt ended."""

    event: EventName
    payload: dict[str, Any]
    state: DeliveryState
    attempts: int
    last_status: int | None
    last_error: str | None
    finished_at: datetime | None


class DeliveryPage(Page[DeliveryOut]):
    """A page of deliveries."""
