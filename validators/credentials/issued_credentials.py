"""What is a credential worth that the service itself gives out?"""

from __future__ import annotations

from collections.abc import Iterator

from gate.check import Testbed
from gate.model import Observation
from validators.credentials.dismissals import dismissals
from validators.credentials.ended_credentials import endings, ends_one, ends_own, rotates
from validators.credentials.expiring_keys import expiries
from validators.credentials.guest_stays import stays_end
from validators.credentials.key_holders import impersonate
from validators.credentials.key_scopes import narrow, only_read
from validators.credentials.object_secrets import object_secrets
from validators.credentials.password_changes import password_changes
from validators.credentials.recoveries import recoveries
from validators.credentials.refreshing import refreshes, spent_codes
from validators.credentials.role_keys import outgrow
from validators.credentials.shared_links import links_end
from validators.credentials.wider_tokens import widened
from validators.credentials.withdrawn_invitations import invitations_end
from validators.crossing.foreign_writes import survey
from validators.estates.ground import stand
from validators.estates.throwaways import is_maker


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Have credentials made for less, for others and for a while, and end those made to be ended.

    Throw-aways come from a new account, from an operation that makes keys, or from another login;
    the run's own credentials are never ended. A key with one scope is tried on reads that only
    other scopes are about; a key that may make keys asks for one with more than its own scopes, as
    does a secret that is traded for a token; a role asks for a key that stands for another member,
    and for one that opens what is closed to itself. A new account signs out and refreshes, or is
    ended or switched off by the owner or the staff; what the document says works once is tried
    twice. Its password is set without its mail, and changed in one of two sessions. Links that open
    something to anybody are withdrawn, and left alone while their object goes. An object that signs
    in by a secret of its own gets another one. Where an invitation is taken up by somebody who has
    an account, a stranger comes in by one, is put out, and tries what he had there and the same
    code. Nobody comes in by one that was withdrawn.
    """
    ground = stand(testbed)
    yield from ground.facts
    if ground.vacuous:
        return
    duel, _ = ground.duels()
    asked = [
        each
        for each in ground.operations
        if ends_own(each) or ends_one(each) or rotates(each) or is_maker(duel.victim, each)
    ]
    yield survey(ground, len(asked))
    yield from narrow(duel)
    yield from widened(duel)
    yield from only_read(duel)
    yield from impersonate(duel)
    yield from outgrow(duel)
    yield from recoveries(duel)
    yield from password_changes(duel)
    yield from expiries(duel)
    yield from endings(duel)
    yield from refreshes(duel)
    yield from spent_codes(duel)
    yield from dismissals(duel)
    yield from links_end(duel)
    yield from object_secrets(duel)
    yield from stays_end(duel)
    yield from invitations_end(duel)
