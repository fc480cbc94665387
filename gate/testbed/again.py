"""How does a principal of a target file come to a second credential, one that may be ended?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from gate.check import Answer
from gate.errors import SetupError
from gate.testbed.client import placeholder
from gate.testbed.enrolment import Document
from gate.testbed.sign_in import Door, hide, register, sign_in
from gate.testbed.target_file import WrittenTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A credential beside the run's own. `stranger`: of an account that was made for it.

    `placeholder` stands for it in everything printed; `answer` is what gave it.
    """

    headers: Mapping[str, str] = field(repr=False)
    placeholder: str
    stranger: bool = False
    answer: Answer | None = field(default=None, repr=False)


@runtime_checkable
class Reenterable(Protocol):
    """A testbed whose principals can sign in once more."""

    def enter_again(self, tenant: str, role: str) -> Entry | None:
        """Another credential of this principal or of a new account; None where there is no way."""


Enter = Callable[[str, str], Entry | None]


def nobody_enters(_tenant: str, _role: str) -> Entry | None:
    """Where everybody has one credential for good."""
    return None


def entrance(
    written: WrittenTarget,
    environment: Mapping[str, str],
    file: Path,
    secrets: dict[str, str],
    document: Document,
) -> Enter:
    """The way in that the file describes, for its owner's tenants: a login, or a registration.

    The document says how what it gives is sent, where the file does not.
    `secrets` learns each new credential, with its placeholder. A refusal is None: it says nothing
    of the service but that this way is closed.
    """
    door = Door(
        base_url=written.base_url.rstrip("/"),
        file=file,
        environment=environment,
        document=document,
        secrets=secrets,
    )
    logins = {(each.tenant, each.role): each for each in written.actors if each.login is not None}

    def enter(tenant: str, role: str) -> Entry | None:
        actor, newcomers = logins.get((tenant, role)), written.register_tenants
        shown = f"{placeholder(tenant, role)}_{len(secrets)}"
        try:
            if actor is not None:
                headers = sign_in(door, actor)
            elif newcomers is not None and role == "owner":
                headers, _ = register(door, newcomers, tenant)
            else:
                return None
        except SetupError:
            return None
        hide(door, headers, shown)
        told = door.told[-1] if door.told else None
        return Entry(headers=headers, placeholder=shown, stranger=actor is None, answer=told)

    return enter


def enter_again(testbed: object, tenant: str, role: str) -> Entry | None:
    """Another credential, where the testbed knows a way to one."""
    return testbed.enter_again(tenant, role) if isinstance(testbed, Reenterable) else None
