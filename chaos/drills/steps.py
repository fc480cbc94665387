"""Which steps does a restore drill take, and what does it note at each?"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import recovery
from chaos.crew import Crew, at_work
from chaos.drills.digests import held_still, take_digests
from chaos.drills.guards import take_guards, take_views
from chaos.history import Ending, Write
from chaos.workload import READ, READINESS, WRITE, Clock, Place, ask_health
from gate.check import Client, Database, Tenancy
from gate.model import Json, Observation
from gate.testbed.waiting import until

ENOUGH = 60
"""Acknowledged writes to keep, and again to leave behind."""
PATIENCE = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One disaster, from the backup to the first write after it. `home` is for its files."""

    database: Database
    tenancy: Tenancy
    places: tuple[Place, ...]
    visitor: Client
    clock: Clock
    seed: int
    home: Path
    owner: recovery.Owner
    undo: ExitStack
    marks: dict[str, recovery.Mark] = field(default_factory=dict)

    @property
    def server(self) -> recovery.Server:
        """The database, as the recovery tool knows it."""
        return recovery.Server(url=self.database.url, binaries=self.database.binaries)

    @property
    def archive(self) -> recovery.Archive:
        """The log of this drill."""
        return recovery.Archive(folder=self.home / "log", slot="restore_drill")

    @property
    def goal(self) -> recovery.Goal:
        """The target, and what leads to it."""
        return recovery.Goal(
            backup=recovery.open_backup(self.home / "base"),
            log=self.archive.folder,
            target=self.marks["target"].target,
        )

    def note(self, kind: str, subject: str, **data: Json) -> Observation:
        """An observation made now."""
        return Observation(kind=kind, subject=subject, at=self.clock(), data=data)

    def note_elements(self, moment: str, writes: list[Write]) -> Iterator[Observation]:
        """Which elements of each tenant belong to a moment."""
        for tenant in (place.client.tenant for place in self.places):
            names: list[Json] = [write.name for write in writes if write.tenant == tenant]
            yield self.note("elements", READ, moment=moment, tenant=tenant, names=names)

    def note_digests(self, moment: str) -> Iterator[Observation]:
        """What every tenant has in every table."""
        for each in take_digests(self.database.url):
            yield self.note(
                "digest",
                each.table,
                moment=moment,
                tenant=each.tenant,
                rows=each.rows,
                sha256=each.sha256,
            )

    def note_guards(self, moment: str) -> Iterator[Observation]:
        """What keeps the tenants apart."""
        for each in take_guards(self.database.url):
            yield self.note("guard", each.name, moment=moment, count=each.count, sha256=each.sha256)

    def note_views(self) -> Iterator[Observation]:
        """What each tenant sees, as the service's role."""
        for each in take_views(self.tenancy):
            yield self.note(
                "view", each.table, tenant=each.tenant, own=each.own, foreign=each.foreign
            )

    def note_verification(self, subject: str, flaws: tuple[recovery.Flaw, ...]) -> Observation:
        """What the verification of a backup came to."""
        shown: list[Json] = [str(flaw) for flaw in flaws]
        return self.note("verification", subject, flaws=shown)


def back_up(drill: Drill) -> Iterator[Observation]:
    """Take a base backup while all tenants write, with the log kept from before it."""
    recovery.open_archive(drill.server, drill.archive)
    drill.undo.callback(recovery.close_archive, drill.server, drill.archive)
    with at_work(drill.places, "kept") as crew:
        began = drill.clock()
        backup = recovery.take_backup(drill.server, drill.home / "base")
        during = crew.acknowledged(since=began)
        crew.wait(lambda: crew.acknowledged() >= ENOUGH, within=PATIENCE)
    yield drill.note(
        "backup",
        "base-backup",
        start=str(backup.start),
        end=str(backup.end),
        timeline=backup.timeline,
        written_during=during,
    )
    yield from drill.note_elements("kept", acknowledged(crew))


def mark(drill: Drill) -> Iterator[Observation]:
    """With every writer waiting, note what there is, and name the moment."""
    with held_still(drill.database.url):
        yield from drill.note_guards("before")
        yield from drill.note_digests("before")
        drill.marks["target"] = recovery.set_mark(drill.server, "restore-drill")


def write_on(drill: Drill) -> Iterator[Observation]:
    """Write what must not come back, and archive its log as well."""
    with at_work(drill.places, "later") as crew:
        crew.wait(lambda: crew.acknowledged() >= ENOUGH, within=PATIENCE)
    drill.marks["later"] = recovery.set_mark(drill.server, "restore-drill-later")
    recovery.extend_archive(drill.server, drill.archive, drill.marks["later"])
    positions = {name: str(each.target) for name, each in drill.marks.items()}
    yield drill.note("log", "archive", **positions)
    yield from drill.note_elements("later", acknowledged(crew))


def verify(drill: Drill) -> Iterator[Observation]:
    """Verify backup and log; then a copy with one byte changed, which must not pass.

    RecoveryError when the backup has a flaw: then nothing is destroyed.
    """
    flaws = recovery.verify(drill.goal, drill.database.binaries)
    yield drill.note_verification("backup", flaws)
    tampered = drill.home / "tampered"
    shutil.copytree(drill.home / "base", tampered)
    flip_one_byte(tampered, random.Random(drill.seed))  # noqa: S311 - a choice, not a secret
    yield drill.note_verification("tampered-backup", recovery.verify_files(tampered))
    shutil.rmtree(tampered)
    if flaws:
        raise recovery.RecoveryError("The backup has flaws, so nothing was destroyed.")


def destroy(drill: Drill) -> Iterator[Observation]:
    """Kill the server and remove its data folder, with the slot and all that was in it."""
    drill.undo.pop_all()
    drill.database.kill()
    shutil.rmtree(drill.database.data)
    yield drill.note("destroyed", "data-folder", gone=not drill.database.data.exists())


def restore(drill: Drill) -> Iterator[Observation]:
    """Verify again, and make a new data folder from backup and log."""
    database = drill.database
    recovery.restore(drill.goal, database.data, drill.owner, database.binaries)
    yield from ()


def start(drill: Drill) -> Iterator[Observation]:
    """Start the server; it replays the log to the target and waits there."""
    drill.database.start()
    if not until(drill.server.is_at_target, within=PATIENCE):
        raise recovery.RecoveryError(f"The server was not at its target in {PATIENCE:g} s.")
    yield from ()


def prove(drill: Drill) -> Iterator[Observation]:
    """Note what there is, and who sees what of it, while nobody can write."""
    yield from drill.note_digests("after")
    yield from drill.note_guards("after")
    yield from drill.note_views()


def open_(drill: Drill) -> Iterator[Observation]:
    """Let it take writes, also those of the service's own background work."""
    drill.server.open()
    yield from ()


def answer(drill: Drill) -> Iterator[Observation]:
    """Ask the service, which was never stopped, until it is ready; then read every list."""
    until(lambda: ask_health(drill.visitor, READINESS, drill.clock).good, within=PATIENCE)
    yield note_answer(drill, READINESS, ask_health(drill.visitor, READINESS, drill.clock).good)
    for place in drill.places:
        names = place.read()
        yield note_answer(drill, READ, names is not None)
        listed: list[Json] = [*(names or [])]
        tenant = place.client.tenant
        yield drill.note("elements", READ, moment="after", tenant=tenant, names=listed)


def write(drill: Drill) -> Iterator[Observation]:
    """Let every tenant write again."""
    for place in drill.places:
        good = place.write("after-the-restore").ending is Ending.OK
        yield note_answer(drill, WRITE, good)


def note_answer(drill: Drill, operation: str, good: bool) -> Observation:
    """Did the service do it?"""
    return drill.note("service", operation, good=good)


def acknowledged(crew: Crew) -> list[Write]:
    """The writes that were answered with success."""
    return [each for each in crew.writes if each.ending is Ending.OK]


def flip_one_byte(folder: Path, chance: random.Random) -> None:
    """Change one bit of one byte somewhere in the files of a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    with chance.choice(files).open("r+b") as content:
        size = content.seek(0, 2)
        position = content.seek(chance.randrange(size))
        changed = content.read(1)[0] ^ 1 << chance.randrange(8)
        content.seek(position)
        content.write(bytes([changed]))


STEPS: Mapping[str, Callable[[Drill], Iterator[Observation]]] = {
    "back-up": back_up,
    "mark": mark,
    "write-on": write_on,
    "verify": verify,
    "destroy": destroy,
    "restore": restore,
    "start": start,
    "prove": prove,
    "open": open_,
    "answer": answer,
    "write": write,
}
