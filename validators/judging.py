"""Which words do the judges of all channels share? Pure functions of a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gate.exhibits import Exchange
from gate.model import Doubt, Estimate, Evidence, Finding, Json, Limit, Observation, Severity
from validators.document.names import resource_of, slots_of
from validators.estates.ground import judge_ground, said_in
from validators.estates.states import telling

UNUSABLE = 500
ABSENT = 404
LIMITED = 429
AGAIN = 2
ENOUGH = 95.0
COVERED = "covered"
LIMITS: Mapping[str, Limit] = {COVERED: Limit(value=ENOUGH, unit="%", at_most=False)}
RIGHTS = "; an actor with this right is needed"
UNMET = frozenset({400, 404, 409, 415, 422})
Seen = tuple[int, Observation]
NEEDS = frozenset({"http", "openapi", "tenants"})
ASKED = {"seated": 2, "surveyed": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a finding of one kind says; the facts fill in the rest."""

    check: str
    rule: str
    title: str
    severity: Severity
    remedy: str
    cwe: int
    owasp_api: str
    asvs: str
    cvss: str | None = None

    def find(self, subject: str, words: Sequence[str], seen: Sequence[Seen]) -> Finding:
        """The finding for an operation."""
        return Finding(
            check=self.check,
            rule=self.rule,
            subject=subject,
            title=self.title,
            severity=self.severity,
            detail=f"{subject}: {'; '.join(sorted(set(words)))}.",
            remedy=self.remedy,
            evidence=tuple(show(*item) for item in sorted(seen, key=length)[:3]),
            cwe=self.cwe,
            owasp_api=self.owasp_api,
            asvs=self.asvs,
            cvss=self.cvss,
        )


def length(item: Seen) -> int:
    """How much must be sent to see it: what takes least is shown first."""
    return len(str(item[1].data.get("curl", "")))


def number(seen: Sequence[Observation]) -> list[Seen]:
    """The observations with their positions, which evidence names."""
    return list(enumerate(seen))


def subjects(numbered: Sequence[Seen], *kinds: str) -> list[str]:
    """The operations that facts of these kinds are about, in order."""
    return list(dict.fromkeys(each.subject for _, each in numbered if each.kind in kinds))


def pick(numbered: Sequence[Seen], kind: str, subject: str | None = None) -> list[Seen]:
    """The observations of one kind, perhaps only of one operation."""
    return [
        (index, each)
        for index, each in numbered
        if each.kind == kind and subject in {None, each.subject}
    ]


def texts(value: Json) -> list[str]:
    """A JSON list of texts."""
    return [str(each) for each in value] if isinstance(value, list) else []


def places(observation: Observation) -> list[str]:
    """What of the victim showed where, `canary in body`."""
    traces = observation.data.get("traces")
    found = traces.items() if isinstance(traces, dict) else ()
    return [f"{label} in {place}" for place, labels in found for label in texts(labels)]


def tell(read: Observation) -> str:
    """What was asked and what came back, in words without ids."""
    who = read.data.get("attacker") if read.data.get("role") != "anonymous" else "nobody"
    ids = read.data.get("ids")
    got = f"{who}{f' with {ids} ids' if ids else ''} got {read.data.get('status')}"
    found = places(read)
    # A canary or an id says it all; single values matter only where there is neither.
    named = [each for each in found if not each.startswith("value")] or found
    return f"{got} with {read.data.get('victim')}'s {', '.join(named)}" if named else got


def effects(read: Observation) -> list[str]:
    """What an attack changed of what the victim sees."""
    return telling(texts(read.data.get("changed")), texts(read.data.get("noise")))


def show(index: int, read: Observation) -> Evidence:
    """The answer, what the victim saw before and after, and the request that gets it again."""
    summary = f"{tell(read)}: {str(read.data.get('excerpt', ''))[:200]}"
    if effects(read):
        before, after = read.data.get("before"), read.data.get("after")
        summary += f" | the owner saw before: {before} | and after: {after}"
    return Evidence(
        summary=summary,
        reproduce=steps(read),
        observation=index,
        exchange=exchange(read),
    )


def steps(read: Observation) -> str:
    """The attack as a shell line; where it has an effect, between looks of the owner."""
    attack, watch = str(read.data.get("curl", "")), str(read.data.get("watch") or "")
    return f"{watch}; {attack}; {watch}" if watch and effects(read) else attack


def exchange(read: Observation) -> Exchange | None:
    """The request and its answer, where the fact is about one; without credentials."""
    method, _, path = read.subject.partition(" ")
    status = read.data.get("status")
    if not path or not isinstance(status, int):
        return None
    return Exchange(
        method=method, target=path, status=status, received=str(read.data.get("excerpt", ""))
    )


def same_attack(read: Observation, other: Observation) -> bool:
    """Do both belong to one direction and one mix of ids?"""
    return all(
        read.data.get(name) == other.data.get(name) for name in ("attacker", "victim", "ids")
    )


def differs(read: Observation, absent: Sequence[Observation]) -> str | Doubt:
    """How the answer differs from those for absent ids, "" when it does not."""
    statuses = {each.data.get("status") for each in absent}
    status, ids = read.data.get("status"), read.data.get("ids")
    if not absent or len(statuses) > 1:
        return Doubt(subject=read.subject, reason="no stable answer for absent ids to compare with")
    if statuses != {status}:
        return f"{ids} ids get {status}, absent ids get {next(iter(statuses))}"
    found = differing(digest_of(read), *map(digest_of, absent))
    if found:
        return f"{ids} and absent ids both get {status}, with different {', '.join(found)}"
    return ""


def digest_of(read: Observation) -> Mapping[str, Json]:
    """The hashes of the parts of an answer's body."""
    found = read.data.get("digest")
    return found if isinstance(found, dict) else {}


def differing(foreign: Mapping[str, Json], *absent: Mapping[str, Json]) -> list[str]:
    """The parts that all absent answers share and the foreign one has not, or has beside them."""
    first, *others = absent
    stable = {place for place in first if all(each.get(place) == first[place] for each in others)}
    known = {place for each in absent for place in each}
    changed = {place for place in stable if foreign.get(place) != first[place]}
    return sorted(changed | (foreign.keys() - known))


def is_answer(status: Json) -> bool:
    """Did the service decide, rather than fail or put the caller off?"""
    return isinstance(status, int) and 0 < status < UNUSABLE and status != LIMITED


def judge_coverage(
    seen: Sequence[Observation], control: str, attack: str
) -> Iterator[Doubt | Estimate]:
    """Of how many operations a pass says something: the owner succeeded and an attack was decided.

    Single operations that could not be tried are facts to count. Below 95 % they are doubts: the
    share that was covered and the whole are then on both sides of the limit.
    """
    yield from judge_ground(seen)
    if not any(each.kind == "surveyed" for each in seen):
        return
    asked = [each for each in seen if each.kind in {control, "unreached"}]
    pairs = list(dict.fromkeys((each.subject, str(each.data.get("victim"))) for each in asked))
    open_pairs = {pair: why for pair in pairs if (why := gap(seen, pair, control, attack))}
    share = 100.0 * (1 - len(open_pairs) / len(pairs)) if pairs else 100.0
    yield Estimate(name=COVERED, value=share, low=share, high=100.0, samples=len(pairs))
    if share < ENOUGH:
        # What fails in both directions is said once.
        first = {subject: reason for (subject, _), reason in reversed(open_pairs.items())}
        yield from (Doubt(subject=each, reason=first[each]) for each in reversed(first))


def gap(seen: Sequence[Observation], pair: tuple[str, str], control: str, attack: str) -> str:
    """Why nothing is known about an operation in one direction; "" when it is."""
    about = [each for each in seen if (each.subject, str(each.data.get("victim"))) == pair]
    for each in about:
        if each.kind == "unreached":
            return f"{each.data.get('reason')}{lacking(seen, pair)}"
    owned = [each for each in about if each.kind == control]
    if not any(each.data.get("positive") for each in owned):
        got = owned[-1].data.get("status") if owned else "nothing"
        told = refusal(owned[-1]) if owned else ""
        return f"no positive control: {pair[1]} got {got} for its own object{told}"
    attacks = [
        each
        for each in about
        if each.kind in {attack, "suppressed"}  # shown on purpose, which was looked at as well
        and each.data.get("role") != "anonymous"
        and is_answer(each.data.get("status"))
    ]
    return "" if attacks else "no foreign id of it got a usable answer"


def lacking(seen: Sequence[Observation], pair: tuple[str, str]) -> str:
    """Which creations, refused to the end, would have made what the path of an operation names."""
    path = pair[0].partition(" ")[2]
    wanted = {resource for resource, _ in slots_of(path)}
    tried = [each for each in seen if each.kind == "planted" and each.data.get("tenant") == pair[1]]
    made = {each.subject for each in tried if each.data.get("made")}
    refused = [
        f"{each.subject} got {each.data.get('status')}{refusal(each)}"
        for each in tried
        if each.subject not in made and resource_of(each.subject.partition(" ")[2]) in wanted
    ]
    return f"; {refused[-1]}" if refused else ""


def refusal(fact: Observation) -> str:
    """What a refusal said, and what can be written in a target file against it."""
    said, status = said_in(fact), fact.data.get("status")
    told = f", which said {said}" if said else ""
    if status in {401, 403}:
        return told + RIGHTS
    if status not in UNMET or (status == ABSENT and fact.kind != "planted"):
        return told
    return f'{told}; a value that it takes: [hints] values = {{ "{fact.subject} FIELD" = … }}'


def judge_leaks(label: str, attacks: Sequence[Seen], rule: Rule) -> Iterator[Finding]:
    """Answers that hold something of the victim."""
    leaks = [(index, each) for index, each in attacks if places(each)]
    if leaks:
        yield rule.find(label, [tell(each) for _, each in leaks], leaks)


def judge_later(
    label: str, attacks: Sequence[Seen], rule: Rule, absent: Sequence[Seen] = ()
) -> Iterator[Finding]:
    """What of the victim shows in the caller's own objects afterwards.

    Where ids that nobody has are granted as well, nothing was looked up, and the read that then
    shows the victim's is to blame.
    """
    told: dict[str, list[Seen]] = {}
    for index, each in attacks:
        later = texts(each.data.get("later"))
        twins = [twin for _, twin in absent if same_attack(each, twin)]
        blind = bool(twins) and all(twin.data.get("granted") for twin in twins)
        for subject in later if blind else [label][: len(later)]:
            told.setdefault(subject, []).append((index, each))
    for subject, shown in told.items():
        words = [
            f"{tell(each)} and then sees the victim's in {', '.join(texts(each.data['later']))}"
            for _, each in shown
        ]
        yield rule.find(subject, words, shown)


def judge_effects(label: str, attacks: Sequence[Seen], rule: Rule) -> Iterator[Finding | Doubt]:
    """Attacks after which the victim saw something else, twice.

    What was seen once, and not in two more attempts with new objects, happened by itself.
    """
    hits = [(index, each) for index, each in attacks if effects(each)]
    if len(rounds_of(hits)) >= AGAIN:
        words = [f"{tell(each)} and changed {spell(effects(each))}" for _, each in hits]
        yield rule.find(label, words, hits)
    elif hits and len(rounds_of(attacks) - rounds_of(hits)) < AGAIN:
        yield Doubt(subject=label, reason="an effect on the victim was seen once and not again")


def rounds_of(attacks: Sequence[Seen]) -> set[Json]:
    """Which attempts, each with new objects, these are."""
    return {each.data.get("round") for _, each in attacks}


def spell(changed: Sequence[str]) -> str:
    """Some of the changed places."""
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""  # noqa: PLR2004
    return f"{', '.join(changed[:3])}{more}"


def judge_existence(
    label: str, attacks: Sequence[Seen], absent: Sequence[Seen], rule: Rule
) -> Iterator[Finding | Doubt]:
    """Answers for foreign ids that differ from the answers for absent ids of the same mix."""
    told: list[tuple[Seen, str]] = []
    for index, read in attacks:
        if is_told_otherwise(read):
            continue
        twins = [each for _, each in absent if same_attack(read, each)]
        difference = differs(read, twins)
        if isinstance(difference, Doubt):
            yield difference
        elif difference:
            told.append(((index, read), difference))
    if told:
        yield rule.find(label, [words for _, words in told], [item for item, _ in told])


def is_told_otherwise(read: Observation) -> bool:
    """Is the answer about the caller himself, or a finding of another rule already?"""
    return bool(
        read.data.get("role") == "anonymous"
        or places(read)
        or effects(read)
        or read.data.get("own")
        or read.data.get("listed")
        or read.data.get("on_caller")
        or not is_answer(read.data.get("status"))
    )


def changed(
    record: Sequence[Observation], kind: str, about: Mapping[str, Json], **change: Json
) -> tuple[Observation, ...]:
    """An example record with those facts of one kind changed that are about this."""
    return tuple(
        replace(each, data={**each.data, **change})
        if each.kind == kind and about.items() <= each.data.items()
        else each
        for each in record
    )
