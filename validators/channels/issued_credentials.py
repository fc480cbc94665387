"""Is a credential that the service issues worth what it says, and no longer than it says?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gate.check import Check, Control
from gate.exhibits import Exhibit
from gate.model import Doubt, Estimate, Finding, Json, Observation, Severity
from validators.channels.read_by_id import GROUND, WHO
from validators.credentials.issued_credentials import probe
from validators.judging import (
    ASKED,
    LIMITS,
    NEEDS,
    Rule,
    Seen,
    changed,
    judge_coverage,
    number,
    pick,
    spell,
    subjects,
    texts,
)

ID = "isolation.issued-credentials"
OUTLIVES = Rule(
    check=ID,
    rule="outlives-its-end",
    title="A credential goes on working after it was ended",
    severity=Severity.HIGH,
    remedy="End the credential where it is verified, so that every worker refuses it.",
    cwe=613,
    owasp_api="API2:2023",
    asvs="V7.4.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
)


IGNORED = Rule(
    check=ID,
    rule="scopes-ignored",
    title="A key that was made for less may do what its scopes leave out",
    severity=Severity.HIGH,
    remedy="Cut what a credential may do down to its scopes wherever a permission is asked for.",
    cwe=285,
    owasp_api="API5:2023",
    asvs="V8.2.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
)
SURPASSED = Rule(
    check=ID,
    rule="beyond-its-maker",
    title="A key is made that may do more than its maker",
    severity=Severity.HIGH,
    remedy="Give a new key at most what the credential may do that asks for it.",
    cwe=269,
    owasp_api="API5:2023",
    asvs="V8.2.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
)
STANDS_FOR = Rule(
    check=ID,
    rule="stands-for-another",
    title="A member gets a key that signs in as another member",
    severity=Severity.HIGH,
    remedy="Make keys for others only for those who manage members, and never for stronger ones.",
    cwe=269,
    owasp_api="API5:2023",
    asvs="V8.2.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
)
RECOVERED = Rule(
    check=ID,
    rule="recovery-open",
    title="Anybody sets the password of an account by the way for those who have forgotten it",
    severity=Severity.CRITICAL,
    remedy="Send a long random code to the account's own address only, and take it once.",
    cwe=640,
    owasp_api="API2:2023",
    asvs="V6.4.3",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
)
ATTACKS = {"ended-call", "scope-call", "handed-call", "stood-call", "recovery-call"}
TWICE = 2


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Estimate | Doubt | Exhibit]:
    """What went on, what was opened, and as whom, decide; never a status alone.

    A credential that worked, was ended with success (ASVS V7.4.1, CWE-613) and opens the same ten
    seconds later is a finding. So are keys with one scope each, of which none was refused any of
    the reads that only other scopes are about, or any creation although they are for reading: what
    single scopes imply is the service's own matter, so one refusal is enough to clear it. A key
    that got another one that opens what was closed to itself is a finding, as is a role that got
    such a key or an administrator's scope that the document excludes, and a role's key that signs
    in as a stronger member, or as any other where the role may not make members (OWASP API5:2023,
    CWE-269). A password that anybody has set with a code that nobody was sent, or that an answer
    told him, and that then signs in, is one (CWE-640). Below 95 % of these operations with a
    positive control there is no pass.
    """
    numbered = number(seen)
    for label in subjects(numbered, *ATTACKS):
        scoped = pick(numbered, "scope-call", label)
        for rule, hits, say in (
            (OUTLIVES, lasting(pick(numbered, "ended-call", label)), outlived),
            (IGNORED, [*loose(scoped, "reads"), *loose(scoped, "creations")], opened),
            (SURPASSED, gaining(pick(numbered, "handed-call", label)), surpassed),
            (STANDS_FOR, standing(pick(numbered, "stood-call", label)), stood),
            (RECOVERED, lasting(pick(numbered, "recovery-call", label)), recovered),
        ):
            if hits:
                yield rule.find(label, [say(each) for _, each in hits], hits)
    for _, each in pick(numbered, "lost"):
        roles = ", ".join(texts(each.data.get("roles")))
        yield Doubt(
            subject=each.subject,
            reason=f"it ended the run's own credentials too ({roles}): give them a login of theirs",
        )
    yield from judge_coverage([alike(each) for each in seen], "owned-call", "ended-call")


def alike(each: Observation) -> Observation:
    """Whatever was tried with a credential counts as an attack on what made or ended it."""
    return replace(each, kind="ended-call") if each.kind in ATTACKS else each


def lasting(items: Sequence[Seen]) -> list[Seen]:
    """Those that went on working."""
    return [item for item in items if item[1].data.get("works")]


def loose(items: Sequence[Seen], what: str) -> list[Seen]:
    """Attempts on reads or creations, if nothing was refused to any key.

    One key is enough to see that what it is for, reading, is no limit; two, that no name is.
    """
    about = [item for item in items if item[1].data.get("what") == what]
    least = 1 if what == "creations" else TWICE
    if any(item[1].data.get("refused") for item in about):
        return []
    about = [item for item in about if len(texts(item[1].data.get("granted"))) >= TWICE]
    return about if len({item[1].data.get("scope") for item in about}) >= least else []


def gaining(items: Sequence[Seen]) -> list[Seen]:
    """Keys that opened what was closed to their maker, or got a scope that they must not have.

    Without an effect that counts where the document says so only.
    """
    return [
        item
        for item in items
        if item[1].data.get("gained")
        or (item[1].data.get("promise") and item[1].data.get("beyond"))
    ]


def standing(items: Sequence[Seen]) -> list[Seen]:
    """Keys of somebody else's."""
    return [item for item in items if item[1].data.get("granted")]


def recovered(each: Observation) -> str:
    """How a password was set."""
    return f"with {each.data.get('way')} nobody set a new account's password, which then signed in"


def outlived(each: Observation) -> str:
    """What went on working."""
    data = each.data
    return f"{data.get('credential')} still opens {data.get('opened')} after {data.get('waited')} s"


def opened(each: Observation) -> str:
    """What a key was let into."""
    granted = spell(texts(each.data.get("granted")))
    return f"a key with no scope but {each.data.get('scope')} was let into {granted}"


def surpassed(each: Observation) -> str:
    """What a key got by making another one."""
    gained = spell(texts(each.data.get("gained")))
    if not gained:
        beyond = spell(texts(each.data.get("beyond")))
        said = each.data.get("promise")
        return (
            f'{each.data.get("role")} got the scope {beyond}, although the document says "{said}"'
        )
    if not each.data.get("scope"):
        return f"{each.data.get('role')} made a key that opens {gained}, which is closed to himself"
    return (
        f"a key with no scope but {each.data.get('scope')} made one that opens {gained} "
        f"({each.data.get('way')})"
    )


def stood(each: Observation) -> str:
    """Who got a key as whom."""
    whose = "a stronger member's" if each.data.get("stronger") else "another member's"
    return f"{each.data.get('role')} got {whose} key ({each.data.get('theirs')})"


LABEL = "POST /v1/logout"


def fact(kind: str, **data: Json) -> Observation:
    """One observation of the example record."""
    return Observation(kind=kind, subject=LABEL, data={**WHO, **data})


MAKER = "POST /v1/keys"


def made(kind: str, **data: Json) -> Observation:
    """One observation about the making of keys."""
    return Observation(kind=kind, subject=MAKER, data={**WHO, "status": 403, **data})


def recovery(kind: str, **data: Json) -> Observation:
    """One observation about the way for those who have forgotten their password."""
    return Observation(
        kind=kind,
        subject="POST /v1/reset",
        data={**WHO, "role": "anonymous", "status": 400, **data},
    )


READS: list[Json] = ["GET /v1/orders", "GET /v1/orders/{id}", "GET /v1/bills"]
CREATIONS: list[Json] = ["POST /v1/bills", "POST /v1/orders"]
CLEAN: tuple[Observation, ...] = (
    fact("owned-call", status=204, positive=True),
    fact("ended-call", status=401, works=False, credential="another login", opened="GET /v1/me"),
    made("owned-call", status=201, positive=True),
    made("scope-call", scope="parts:read", what="reads", granted=[], refused=READS),
    made("scope-call", scope="carts:read", what="reads", granted=READS[:1], refused=READS[1:]),
    made(
        "scope-call", scope="parts:read", what="creations", granted=[], refused=["POST /v1/bills"]
    ),
    made(
        "scope-call", scope="carts:read", what="creations", granted=[], refused=["POST /v1/bills"]
    ),
    made("handed-call", scope="keys:create", way="named more", gained=[]),
    recovery("recovery-call", way="a code that nobody was sent", works=False),
    made("stood-call", role="editor", theirs="owner", stronger=True, granted=False),
    *GROUND,
)


def spoil(kind: str, about: Mapping[str, Json], **change: Json) -> tuple[Observation, ...]:
    """The clean record with those facts of one kind changed that are about this."""
    return changed(CLEAN, kind, about, **change)


CHECK = Check(
    id=ID,
    claim="A key, session or link ends when it is ended, and no key is worth more than its maker.",
    blind_to=(
        "Endings for which no credential can be had that may be ended: they are named, and there "
        "is no pass. Refresh tokens, members and codes of which no new one can be had, and "
        "invitations that many may take up, by what the service says of them. Sessions "
        "that outlive a change of password, and old secrets that outlive a "
        "rotation without a field for it, where the document does not promise their end. Accounts "
        "that nobody can open: their recovery is not tried. Credentials of another kind than the "
        "run's, but for the secret that an object gets anew. Expiry that is days away, unless "
        "Maestro runs the database. Single operations that ignore the scopes that others ask for. "
        "Scopes that neither the document nor a refusal lists. Links whose path calls them by an "
        "id. Keys of one account in another account of the same user."
    ),
    probe=probe,
    judge=judge,
    controls=(
        Control(
            defect="a session still works after its holder signed out",
            record=spoil("ended-call", {}, status=200, works=True, waited=10.0),
        ),
        Control(
            defect="a refresh token gives new tokens after its holder signed out",
            record=(
                *CLEAN,
                fact(
                    "ended-call",
                    status=200,
                    works=True,
                    waited=10.0,
                    credential="a refresh token",
                    opened="POST /v1/refresh",
                ),
            ),
        ),
        Control(
            defect="keys with one scope read what only other scopes are about",
            record=spoil("scope-call", {"what": "reads"}, granted=READS, refused=[]),
        ),
        Control(
            defect="keys for reading create",
            record=spoil("scope-call", {"what": "creations"}, granted=CREATIONS, refused=[]),
        ),
        Control(
            defect="a key makes another one that opens what is closed to itself",
            record=spoil("handed-call", {}, status=201, gained=READS),
        ),
        Control(
            defect="a made-up code sets a password that signs in",
            record=spoil("recovery-call", {}, status=200, works=True),
        ),
        Control(
            defect="a guest makes a key that opens what is closed to guests",
            record=(*CLEAN, made("handed-call", role="guest", way="all scopes", gained=READS[:1])),
        ),
        Control(
            defect="a guest gets an administrator's scope, which the document excludes",
            record=(
                *CLEAN,
                made("handed-call", role="guest", promise="Others are dropped", beyond=["admin"]),
            ),
        ),
        Control(
            defect="an editor gets a key that signs in as an owner",
            record=spoil("stood-call", {}, status=201, granted=True),
        ),
    ),
    at_least=ASKED,
    needs=NEEDS,
    limits=LIMITS,
    covers=(*(f"isolation:{number}" for number in (10, 31, 32)), "API2:2023", "API5:2023"),
)
