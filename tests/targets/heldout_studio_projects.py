"""What is done with the media service's projects, with their assets, and with what links share?"""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import Any

from werkzeug.wrappers import Response

from tests.targets.heldout_studio_core import (
    ALREADY_EXISTS,
    FAILED_PRECONDITION,
    FILTERED,
    INVALID_ARGUMENT,
    NOT_FOUND,
    PERMISSION_DENIED,
    Call,
    Fault,
    missing,
    op,
    paged,
    parent,
    shown,
)
from tests.targets.heldout_studio_schemas import Invalid, Row

PROJECTS = "/v1/workspaces/{workspace}/projects"
PROJECT = f"{PROJECTS}/{{project}}"
ASSETS, ASSET = f"{PROJECT}/assets", f"{PROJECT}/assets/{{asset}}"
DELETED = f"{FILTERED} showDeleted:bool"


def fresh(call: Call, rows: list[Row]) -> list[Row]:
    """Without what is deleted, unless it is asked for too."""
    return rows if call.flag("showDeleted") else [row for row in rows if not row["deleted"]]


def removed(call: Call, row: Row) -> Row:
    """Mark the row as deleted; it can be had back."""
    call.unchanged(row, call.asked("etag"))
    if row["deleted"]:
        raise missing(row["name"])
    return call.changed(row, deleted=True, state="DELETED", deleteTime=call.at.now())


def restored(call: Call, row: Row, state: str) -> Row:
    if not row["deleted"]:
        raise Fault(ALREADY_EXISTS, f"Resource '{row['name']}' is not deleted.")
    call.unchanged(row, call.take().get("etag", ""))
    return call.changed(row, deleted=False, state=state, deleteTime=None)


@op(f"GET {PROJECTS}", "ListProjects", gives="ListProjectsResponse", asks=DELETED)
def list_projects(call: Call) -> Row:
    everywhere = call.flawed("projects-deleted") and call.flag("showDeleted")
    rows = call.at.children("workspaces/-" if everywhere else call.name, "projects")
    return paged(call, "Project", fresh(call, rows))


@op(
    f"POST {PROJECTS}",
    "CreateProject",
    "editor",
    takes="Project",
    gives="Project",
    asks="projectId:str validateOnly:bool",
)
def create_project(call: Call) -> Row:
    said, key = call.take("displayName"), call.asked("projectId")
    others = call.at.children("workspaces/-", "projects")
    if key and call.flawed("project-id-taken") and any(row["uid"] == key for row in others):
        raise Fault(ALREADY_EXISTS, f"Project '{key}' already exists.")
    name = call.chosen("projects", "projectId")
    row = call.create(name, said | {"state": "ACTIVE"})
    row.update(call.bound("project-creator", "creator"))
    return shown("Project", row)


@op(f"GET {PROJECT}", "GetProject", gives="Project")
def get_project(call: Call) -> Row:
    return shown("Project", call.own())


@op(
    f"PATCH {PROJECT}",
    "UpdateProject",
    "editor",
    takes="Project",
    gives="Project",
    asks="updateMask:mask",
)
def update_project(call: Call) -> Row:
    row = call.patched(call.live(), "Project", call.take(), call.asked("updateMask"))
    return shown("Project", row)


@op(
    f"DELETE {PROJECT}",
    "DeleteProject",
    "owner",
    gives="Project",
    asks="etag:str validateOnly:bool",
)
def delete_project(call: Call) -> Row:
    if call.flag("validateOnly"):
        call.unchanged(call.live(), call.asked("etag"))
        return shown("Project", call.live())
    return shown("Project", removed(call, call.own()))


@op(
    f"POST {PROJECT}:undelete", "UndeleteProject", "owner", takes="UndeleteRequest", gives="Project"
)
def undelete_project(call: Call) -> Row:
    return shown("Project", restored(call, call.own(), "ACTIVE"))


@op(
    f"POST {PROJECT}:archive",
    "ArchiveProject",
    "editor",
    open="project-archive",
    takes="ArchiveProjectRequest",
    gives="Project",
)
def archive_project(call: Call) -> Row:
    row = call.live()
    call.unchanged(row, call.take().get("etag", ""))
    return shown("Project", call.changed(row, state="ARCHIVED"))


def copied(call: Call, row: Row, above: str) -> Row:
    """A copy of the asset under another project."""
    kept = ("displayName", "description", "mediaType", "sizeBytes", "labels", "state")
    values = {name: row[name] for name in kept if name in row}
    return call.at.put(call.at.new(above, "assets"), call.who, **values)


@op(
    f"POST {PROJECTS}:clone", "CloneProject", "editor", takes="CloneProjectRequest", gives="Project"
)
def clone_project(call: Call) -> Row:
    said = call.take("source")
    source = call.referred(said["source"], "projects", "clone-source")
    name = call.chosen("projects", "projectId", said.get("projectId", ""))
    kept = {each: source[each] for each in ("description", "labels") if each in source}
    title = said.get("displayName") or f"Copy of {source['displayName']}"
    row = call.create(name, kept | {"displayName": title, "state": "ACTIVE"})
    for asset in call.at.children(source["name"], "assets"):
        if not asset["deleted"]:
            copied(call, asset, name)
    return shown("Project", row)


@op(f"GET {ASSETS}", "ListAssets", gives="ListAssetsResponse", asks=DELETED)
def list_assets(call: Call) -> Row:
    """Of a project, or with `projects/-` of all projects of the workspace."""
    if call.path["project"] != "-":
        call.above()
    rows = call.at.children(call.name, "assets")
    everywhere = call.at.children("workspaces/-/projects/-", "assets")
    if call.flawed("assets-filter") and call.asked("filter"):
        rows = everywhere
    total = len(everywhere) if call.flawed("assets-total") else None
    return paged(call, "Asset", fresh(call, rows), total)


@op(
    f"POST {ASSETS}",
    "CreateAsset",
    "editor",
    takes="Asset",
    gives="Asset",
    asks="assetId:str validateOnly:bool",
)
def create_asset(call: Call) -> Row:
    call.above()
    said = call.take("displayName")
    if said.get("sourceAsset"):
        source = call.referred(said["sourceAsset"], "assets", "asset-source")
        said["sourceDisplayName"] = source["displayName"]
    made = {"mediaType": "VIDEO", "state": "READY"} | said
    return shown("Asset", call.create(call.chosen("assets", "assetId"), made))


@op(f"GET {ASSETS}:batchGet", "BatchGetAssets", gives="BatchGetAssetsResponse", asks="names:[str]")
def get_assets(call: Call) -> Row:
    rows = [within(call, name, "assets-batch-get") for name in call.request.args.getlist("names")]
    return {"assets": [shown("Asset", row) for row in rows]}


def within(call: Call, name: str, flaw: str) -> Row:
    """One of the assets that a batch names, under the parent that the path says."""
    above = call.name.removesuffix("/-")
    if not (name.startswith(f"{above}/") or call.flawed(flaw)):
        raise Fault(INVALID_ARGUMENT, f"'{name}' does not belong to '{call.name}'.")
    row = call.at.rows.get(name)
    if row is None or name.split("/")[-2] != "assets":
        raise missing(name)
    return row


@op(
    f"POST {ASSETS}:batchUpdate",
    "BatchUpdateAssets",
    "editor",
    takes="BatchUpdateAssetsRequest",
    gives="BatchUpdateAssetsResponse",
)
def update_assets(call: Call) -> Row:
    found = []
    for each in call.take("requests")["requests"]:
        asset = each.get("asset", {})
        row = within(call, asset.pop("name", ""), "assets-batch-update")
        found.append((row, asset, each.get("updateMask", "")))
    rows = [call.patched(row, "Asset", asset, mask) for row, asset, mask in found]
    return {"assets": [shown("Asset", row) for row in rows]}


@op(
    f"POST {ASSETS}:batchDelete",
    "BatchDeleteAssets",
    "editor",
    takes="BatchDeleteAssetsRequest",
    gives="Empty",
)
def delete_assets(call: Call) -> Row:
    names = dict.fromkeys(call.take("names")["names"])
    for row in [within(call, name, "assets-batch-delete") for name in names]:
        removed(call, row)
    return {}


@op(f"GET {ASSET}", "GetAsset", open="asset-get", gives="Asset")
def get_asset(call: Call) -> Row:
    return shown("Asset", call.own())


@op(
    f"PATCH {ASSET}",
    "UpdateAsset",
    "editor",
    takes="Asset",
    gives="Asset",
    asks="updateMask:mask",
)
def update_asset(call: Call) -> Row:
    row, said = call.live(), call.take()
    other = call.at.rows.get(call.bound("asset-body-name", "name").get("name", ""))
    if other is not None and "/assets/" in other["name"]:
        row = other
    if said.get("sourceAsset"):
        source = call.referred(said["sourceAsset"], "assets")
        row["sourceDisplayName"] = source["displayName"]
    state = call.bound("asset-state", "state").get("state")
    if state in ("READY", "APPROVED"):
        row["state"] = state
    return shown("Asset", call.patched(row, "Asset", said, call.asked("updateMask")))


@op(f"DELETE {ASSET}", "DeleteAsset", "editor", open="asset-delete", gives="Asset", asks="etag:str")
def delete_asset(call: Call) -> Row:
    return shown("Asset", removed(call, call.own()))


@op(
    f"POST {ASSET}:undelete",
    "UndeleteAsset",
    "editor",
    open="asset-undelete",
    takes="UndeleteRequest",
    gives="Asset",
)
def undelete_asset(call: Call) -> Row:
    return shown("Asset", restored(call, call.own(), "READY"))


@op(f"POST {ASSET}:move", "MoveAsset", "editor", takes="MoveAssetRequest", gives="Asset")
def move_asset(call: Call) -> Row:
    row, said = call.live(), call.take("destinationParent")
    call.unchanged(row, said.get("etag", ""))
    to = said["destinationParent"]
    above = call.referred(to, "projects", "move-destination", role="editor")["name"]
    name = f"{above}/assets/{row['uid']}"
    if name in call.at.rows:
        raise Fault(FAILED_PRECONDITION, f"Resource '{name}' already exists.")
    for old in [each for each in call.at.rows if f"{each}/".startswith(f"{call.name}/")]:
        moved = call.at.rows.pop(old)
        moved["name"] = name + old[len(call.name) :]
        call.at.rows[moved["name"]] = moved
    return shown("Asset", call.changed(row))


def signature(call: Call, media: str, until: str) -> str:
    return hmac.new(call.at.signing, f"{media}?{until}".encode(), "sha256").hexdigest()[:32]


@op(f"POST {ASSET}:signUrl", "SignUrl", takes="SignUrlRequest", gives="SignUrlResponse")
def sign_url(call: Call) -> Row:
    row, seconds = call.live(), call.take().get("ttlSeconds", 900)
    if not 0 < seconds <= 604_800:
        raise Invalid("ttlSeconds must be between 1 and 604800")
    media = base64.urlsafe_b64encode(row["name"].encode()).decode().rstrip("=")
    until = str(call.at.seconds + seconds)
    said = signature(call, media, until)
    call.at.signed.add(said)
    uri = f"/v1/media/{media}?expires={until}&signature={said}"
    return {"media": media, "uri": uri, "expireTime": call.at.now(seconds)}


@op(
    "GET /v1/media/{media}",
    "DownloadMedia",
    "nobody",
    gives="application/octet-stream",
    asks="expires:int64 signature:str",
)
def download_media(call: Call) -> Response:
    media, until, said = call.path["media"], call.asked("expires"), call.asked("signature")
    good = hmac.compare_digest(signature(call, media, until).encode(), said.encode())
    if not good and not (call.flawed("signature-any") and said in call.at.signed):
        raise Fault(PERMISSION_DENIED, "The signature is not valid.")
    name = base64.urlsafe_b64decode(media + "=" * (-len(media) % 4)).decode(errors="replace")
    row = call.at.rows.get(name)
    if row is None or row["deleted"] or not until.isdecimal() or int(until) < call.at.seconds:
        raise Fault(NOT_FOUND, "The file is not available.")
    content = f"{row['displayName']}\n{row.get('description', '')}\n".encode()
    return Response(content, mimetype="application/octet-stream")


LINKS = f"{PROJECT}/shareLinks"


@op(f"GET {LINKS}", "ListShareLinks", "editor", gives="ListShareLinksResponse", asks=FILTERED)
def list_links(call: Call) -> Row:
    call.above()
    return paged(call, "ShareLink", call.at.children(call.name, "shareLinks"))


@op(f"POST {LINKS}", "CreateShareLink", "editor", takes="ShareLink", gives="ShareLink")
def create_link(call: Call) -> Row:
    """Share an asset of the project, or all of them."""
    call.above()
    said, token = call.take(), secrets.token_urlsafe(18)
    if said.get("asset"):
        call.referred(said["asset"], "assets", "share-asset", of=call.name)
    said |= {"token": token, "uri": f"/v1/shared/{token}"}
    row = call.create(call.at.new(call.name, "shareLinks"), said)
    call.at.links[token] = row
    return shown("ShareLink", row)


@op(f"DELETE {LINKS}/{{shareLink}}", "DeleteShareLink", "editor", gives="Empty")
def delete_link(call: Call) -> Row:
    row = call.own("link-nested")
    del call.at.rows[row["name"]]
    if not call.flawed("link-undead"):
        del call.at.links[row["token"]]
    return {}


@op("GET /v1/shared/{token}", "GetSharedProject", "nobody", gives="SharedProject")
def get_shared(call: Call) -> Any:
    link = call.at.links.get(call.path["token"])
    project = link and call.at.rows.get(parent(link["name"]))
    if link is None or project is None or project["deleted"]:
        raise Fault(NOT_FOUND, "The link is not valid.")
    rows = call.at.children(project["name"], "assets")
    if link.get("asset"):
        rows = [each for name, each in call.at.rows.items() if name == link["asset"]]
    assets = [shown("SharedAsset", row) for row in rows if not row["deleted"]]
    return {"displayName": project["displayName"], "assets": assets}
