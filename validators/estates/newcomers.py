"""Who stands in for a tenant whom an operation may end? Somebody who was made to be lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice

from gate.check import Answer
from gate.model import Json
from gate.testbed.hints import salt_of
from validators.document.names import ACCOUNT, words_of
from validators.document.operations import Operation
from validators.estates.estate import Estate, open_estate
from validators.estates.ground import Duel
from validators.estates.planting import browse
from validators.estates.throwaways import REGISTERING, Pass, newly_registered, opening
from validators.messages.calls import Call, curl, send
from validators.messages.patience import Patient, Relay


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount(Relay):
    """Somebody who signed up for this; implements `gate.check.Client`."""

    holder: Pass

    @property
    def tenant(self) -> str:
        """No tenant of the run."""
        return "a new account"

    @property
    def role(self) -> str:
        """The one that a sign-up gives."""
        return "owner"

    @property
    def credentials(self) -> Mapping[str, str]:
        """The headers that sign him in. Secret: never record them."""
        return self.holder.headers

    @property
    def called(self) -> Mapping[str, str]:
        """What he said of himself when he signed up."""
        return self.holder.called

    def ask(
        self,
        method: str,
        path: str,
        body: Json,
        headers: Mapping[str, str] | None,
        timeout: float,
    ) -> Answer:
        """One request with his headers."""
        signed = {**self.holder.headers, **(headers or {})}
        return self.client.request(method, path, body=body, headers=signed, timeout=timeout)

    def curl(self, method: str, path: str, *, body: Json = None) -> str:
        """The same request as a shell line, with a placeholder in place of the credential."""
        line = self.client.curl(method, path, body=body)
        signed = [f'-H "{name}: {each}"' for name, each in self.holder.headers.items()]
        return self.holder.hidden(" ".join([line, *signed]))


def entry_of(estate: Estate) -> Call | None:
    """How an account that was made for the run signs in; None for others."""
    return estate.client.holder.entering if isinstance(estate.client, NewAccount) else None


def enters(duel: Duel) -> bool:
    """Is the victim, whose account was made for this, let in with what he signed up with?"""
    entry = entry_of(duel.victim)
    return entry is not None and duel.victim.accepts(send(duel.ground.nobody, entry))


def shut_out(duel: Duel) -> dict[str, Json]:
    """That he no longer is, for the record: what no read shows of another password than his."""
    entry = entry_of(duel.victim)
    return {
        "changed": ["the sign-in of its owner, status"],
        "noise": [],
        "before": "granted",
        "after": "refused",
        "watch": curl(duel.ground.nobody, entry) if entry is not None else "",
    }


def is_sacrificed(duel: Duel, operation: Operation) -> bool:
    """Does it end what cannot be made again, and does the target take new tenants?

    How an account signs in is changed on new ones where anybody may sign up.
    """
    if takes_newcomers(duel):
        return operation.ends
    named = operation.names and "_".join(words_of(operation.names[-1])) in ACCOUNT
    return bool(named) and operation.signs_in and bool(opening(duel.ground, REGISTERING))


def takes_newcomers(duel: Duel) -> bool:
    """Does the target take new tenants?"""
    return "newcomers" in duel.ground.testbed.target.offers


def account_of(duel: Duel, holder: Pass) -> Estate:
    """What a new account has: itself."""
    client = NewAccount(client=duel.ground.nobody, holder=holder)
    salt = salt_of(duel.ground.testbed, duel.ground.testbed.seed, "account")
    document, given = duel.victim.author.document, duel.ground.hints.values
    return open_estate(client, document, salt, duel.ground.envelope, given)


@contextmanager
def new_accounts(duel: Duel) -> Iterator[Duel | None]:
    """The duel between two new accounts, as either may lose the way to sign in; None without."""
    made = [each for _ in range(2) for each in islice(newly_registered(duel), 1)]
    if len(made) < 2:  # noqa: PLR2004 - one on either side
        yield None
        return
    victim, attacker = (account_of(duel, each) for each in made)
    duel.ground.envelope.listed = None  # directories show these two from now on
    yield replace(duel, victim=victim, attacker=attacker, instead_of=duel.victim.client.tenant)


@contextmanager
def newcomer(duel: Duel, operation: Operation) -> Iterator[Duel | None]:
    """The duel with a new tenant's owner as the victim, in whose place the record names the old.

    He looks around until he knows something that the operation can be done to.
    """
    ground = duel.ground
    if not takes_newcomers(duel):
        with new_accounts(duel) as other:
            yield other
        return
    with ground.testbed.newcomer() as owner:
        estate = open_estate(
            Patient(client=owner, silence=ground.silence),
            duel.victim.author.document,
            salt_of(ground.testbed, ground.testbed.seed, "newcomer"),
            ground.envelope,
            ground.hints.values,
        )
        for each in ground.operations:
            if any(True for _ in estate.ledger.match(operation)):
                break
            if each.safe and not each.names and not each.public:
                browse(estate, [each])
        yield replace(duel, victim=estate, instead_of=duel.victim.client.tenant)
