from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recovery.backup import open_backup
from recovery.errors import RecoveryError
from recovery.manifest import NAME, verify_files

CONTENTS = {"PG_VERSION": b"18\n", "base/1/2619": bytes(range(256)) * 4, "global/pg_control": b"c"}
EMPTY = "base/1/empty"


def seal(folder: Path, **more: object) -> None:
    """A manifest as PostgreSQL 18 writes it, of all that is in the folder."""
    files = [
        {
            "Path": path.relative_to(folder).as_posix(),
            "Size": path.stat().st_size,
            "Last-Modified": "2026-01-01 00:00:00 GMT",
            "Checksum-Algorithm": "SHA256",
            "Checksum": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    fields = {
        "PostgreSQL-Backup-Manifest-Version": 2,
        "System-Identifier": 7711581004559098330,
        "Files": files,
        "WAL-Ranges": [{"Timeline": 1, "Start-LSN": "0/2000028", "End-LSN": "0/2000120"}],
        **more,
    }
    body = json.dumps(fields, indent=0)[:-2] + ",\n"
    checksum = hashlib.sha256(body.encode()).hexdigest()
    (folder / NAME).write_text(f'{body}"Manifest-Checksum": "{checksum}"}}\n')


def make(folder: Path) -> Path:
    for name, content in {**CONTENTS, EMPTY: b""}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    seal(folder)
    return folder


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("pristine"))


per_example = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60
)


def flaws_after(pristine: Path, change: object) -> list[str]:
    """What is found in a copy after a change to it."""
    assert callable(change)
    with TemporaryDirectory() as home:
        folder = Path(shutil.copytree(pristine, Path(home, "copy")))
        change(folder)
        return [flaw.path for flaw in verify_files(folder)]


def test_a_backup_as_it_was_taken_has_no_flaw(pristine: Path) -> None:
    assert verify_files(pristine) == ()
    assert str(open_backup(pristine).end) == "0/2000120"


@per_example
@given(data=st.data())
def test_any_flipped_bit_in_any_file_is_noticed(pristine: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*CONTENTS, NAME]))
    size = (pristine / name).stat().st_size
    position = data.draw(st.integers(0, size - 1))
    bit = data.draw(st.integers(0, 7))

    def flip(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[position] ^= 1 << bit
        (folder / name).write_bytes(content)

    assert flaws_after(pristine, flip) == [name]


@per_example
@given(data=st.data())
def test_any_file_that_is_cut_off_or_grows_is_noticed(pristine: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*CONTENTS, NAME]))
    size = (pristine / name).stat().st_size
    length = data.draw(st.integers(0, size + 10).filter(lambda number: number != size))

    def resize(folder: Path) -> None:
        with (folder / name).open("r+b") as content:
            content.truncate(length)

    assert flaws_after(pristine, resize) == [name]


@pytest.mark.parametrize("name", [*CONTENTS, EMPTY, NAME])
def test_any_missing_file_is_noticed(pristine: Path, name: str) -> None:
    assert flaws_after(pristine, lambda folder: (folder / name).unlink()) == [name]


@pytest.mark.parametrize(
    "name", ["extra", "pg_wal/000000010000000000000001", "postgresql.auto.conf", "recovery.signal"]
)
def test_any_extra_file_is_noticed(pristine: Path, name: str) -> None:
    def add(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()

    assert flaws_after(pristine, add) == [name]


@pytest.mark.parametrize("target", ["/etc", "/etc/hostname", "nowhere"])
def test_an_extra_link_is_noticed_and_not_followed(pristine: Path, target: str) -> None:
    assert flaws_after(pristine, lambda folder: (folder / "link").symlink_to(target)) == ["link"]


def test_a_file_that_became_a_link_is_noticed(pristine: Path) -> None:
    def link(folder: Path) -> None:
        (folder / "PG_VERSION").rename(folder.parent / "moved")
        (folder / "PG_VERSION").symlink_to(folder.parent / "moved")

    assert flaws_after(pristine, link) == ["PG_VERSION"]


@pytest.mark.parametrize(
    "fields",
    [
        {"Files": [{"Path": "a", "Size": 1, "Checksum-Algorithm": "CRC32C", "Checksum": "0"}]},
        {"Files": [{"Path": "a"}]},
        {"WAL-Ranges": []},
        {"System-Identifier": "none"},
    ],
)
def test_a_manifest_of_another_kind_is_refused(tmp_path: Path, fields: dict[str, object]) -> None:
    seal(tmp_path, **fields)
    with pytest.raises(RecoveryError):
        open_backup(tmp_path)
