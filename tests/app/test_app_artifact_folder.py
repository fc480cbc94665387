"""Does the folder of artifacts hold what it should, whole, and nothing that nobody needs?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from apiflask import APIFlask
from sqlalchemy import delete

from app.artifacts.choice import open_store
from app.artifacts.folder import Folder
from app.artifacts.store import Key, Transfer
from app.artifacts.sweep import sweep_artifacts, sweep_uploads
from app.config import Config, ConfigError
from app.database import Scope, db, enter
from app.errors import ProblemError
from app.factory import create_app
from app.models import Run, Upload
from tests.app.callers import (
    BYTES,
    NOBODY,
    Caller,
    begin_upload,
    build_world,
    get_content,
    send_parts,
    upload_artifact,
)

DIGEST = hashlib.sha256(BYTES).hexdigest()
PART = 5 << 20


class Broken(BytesIO):
    """A body whose sender goes away."""

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        if not found:
            raise OSError("gone")
        return found


def test_a_part_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    store, key = Folder(tmp_path), Key(UUID(NOBODY), UUID(NOBODY))
    transfer = Transfer(key, store.begin(key), 10, PART)
    for body in (Broken(b"half"), BytesIO(b"half")):
        with pytest.raises(ProblemError):
            store.put(transfer, 1, body)
        assert store.missing(transfer) == [1]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_transfer_that_is_over_takes_no_part(tmp_path: Path) -> None:
    store, key = Folder(tmp_path), Key(UUID(NOBODY), UUID(NOBODY))
    transfer = Transfer(key, store.begin(key), 4, PART)
    store.abort(transfer)
    with pytest.raises(ProblemError) as caught:
        store.put(transfer, 1, BytesIO(b"late"))
    assert caught.value.status == 404


def test_by_default_artifacts_are_in_a_private_folder(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    plain = replace(config, artifact_dir=None)
    first, second = open_store(plain), open_store(plain)
    assert first == second
    (folder,) = tmp_path.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    with pytest.raises(ConfigError, match="MAESTRO_ARTIFACT_DIR"):
        open_store(plain)


def test_a_folder_that_cannot_be_made_is_a_wrong_configuration(
    config: Config, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="MAESTRO_ARTIFACT_DIR"):
        create_app(replace(config, artifact_dir=str(tmp_path / "file" / "folder")))


def test_two_workers_share_the_folder(service: APIFlask, config: Config, owner: Caller) -> None:
    run = build_world(owner, "own").run_id
    upload = begin_upload(owner, run, "shared")
    other = Caller(create_app(config).test_client(), owner.key)
    send_parts(other, upload)
    made = owner.make(f"/v1/uploads/{upload['id']}:complete", sha256=DIGEST)
    assert get_content(other, made["id"]).data == BYTES
    assert service is not other.client.application


def test_a_sweep_removes_what_nobody_needs(
    service: APIFlask, owner: Caller, config: Config
) -> None:
    world = build_world(owner, "own")
    kept = upload_artifact(owner, world.run_id, "kept")["id"]
    owner.make(f"/v1/models/{world.model_id}/versions", artifact_ids=[kept])
    other = build_world_run(owner, world.experiment_id)
    fresh = begin_upload(owner, other, "fresh")["id"]
    root = Path(str(config.artifact_dir))
    with service.app_context():
        enter(Scope(UUID(world.tenant_id)))
        began = db.session.get_one(Upload, (UUID(world.tenant_id), UUID(fresh))).created_at
        store, tenant_id = open_store(config), UUID(world.tenant_id)
        assert sweep_uploads(db.session.connection(), store, tenant_id, began) == 1
        db.session.commit()
    assert list(root.rglob(world.upload_id)) == []
    owner.ask("DELETE", f"/v1/runs/{world.run_id}")
    with service.app_context():
        enter(Scope(UUID(world.tenant_id)))
        assert sweep_artifacts(db.session.connection(), store, tenant_id) == 0
        db.session.execute(delete(Run).where(Run.id == UUID(world.run_id)))
        assert sweep_artifacts(db.session.connection(), store, tenant_id) == 1
        db.session.commit()
    assert list(root.rglob(world.artifact_id)) == []
    assert get_content(owner, kept).data == BYTES
    assert len(list(root.rglob(fresh))) == 1


def build_world_run(owner: Caller, experiment_id: str) -> str:
    made: str = owner.make(f"/v1/experiments/{experiment_id}/runs", name="other")["id"]
    return made


def test_a_forgotten_tenant_leaves_no_bytes_and_others_stay(
    owner: Caller, new_owner: Callable[..., Caller], config: Config
) -> None:
    world, other = build_world(owner, "own"), build_world(new_owner(), "other")
    store = open_store(config)
    for _ in range(2):
        store.forget(UUID(world.tenant_id))
    root = Path(str(config.artifact_dir))
    assert list(root.glob(world.tenant_id)) == []
    assert len(list(root.rglob(other.artifact_id))) == 1
