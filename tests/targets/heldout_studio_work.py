"""What do people of the media service say, have to do, collect, look for and export?"""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from tests.targets.heldout_studio_core import (
    FAILED_PRECONDITION,
    FILTERED,
    INVALID_ARGUMENT,
    LISTED,
    Call,
    Fault,
    missing,
    op,
    paged,
    shown,
    workspace,
)
from tests.targets.heldout_studio_people import spaces
from tests.targets.heldout_studio_schemas import Invalid, Row

SPACE = "/v1/workspaces/{workspace}"
PROJECT = f"{SPACE}/projects/{{project}}"
COMMENTS = f"{PROJECT}/assets/{{asset}}/comments"
COMMENT = f"{COMMENTS}/{{comment}}"


def tell(call: Call, who: str, text: str, resource: str) -> None:
    """Somebody else is told of what has happened."""
    if who != call.who and who.startswith("users/"):
        said: Row = {"text": text, "resource": resource, "read": False}
        call.at.put(call.at.new(who, "notifications"), call.who, **said)


@op(f"GET {COMMENTS}", "ListComments", gives="ListCommentsResponse", asks=FILTERED)
def list_comments(call: Call) -> Row:
    call.above()
    return paged(call, "Comment", call.at.children(call.name, "comments"))


@op(f"POST {COMMENTS}", "CreateComment", takes="Comment", gives="Comment")
def create_comment(call: Call) -> Row:
    asset, said = call.above(), call.take("text")
    row = call.create(call.at.new(call.name, "comments"), said | {"resolved": False})
    tell(call, asset["creator"], f"New comment on {asset['displayName']}", row["name"])
    return shown("Comment", row)


@op(f"GET {COMMENT}", "GetComment", gives="Comment")
def get_comment(call: Call) -> Row:
    return shown("Comment", call.own("comment-nested"))


@op(f"PATCH {COMMENT}", "UpdateComment", takes="Comment", gives="Comment", asks="updateMask:mask")
def update_comment(call: Call) -> Row:
    row = call.own()
    if row["creator"] != call.who and not call.flawed("comment-colleague"):
        raise call.denied(call.name)
    return shown("Comment", call.patched(row, "Comment", call.take(), call.asked("updateMask")))


@op(f"DELETE {COMMENT}", "DeleteComment", gives="Empty")
def delete_comment(call: Call) -> Row:
    if call.own()["creator"] != call.who:
        call.demand("owner", call.name)
    del call.at.rows[call.name]
    return {}


@op(f"POST {COMMENT}:resolve", "ResolveComment", "editor", takes="Empty", gives="Comment")
def resolve_comment(call: Call) -> Row:
    return shown("Comment", call.changed(call.own(), resolved=True))


TASKS, TASK = f"{PROJECT}/tasks", f"{PROJECT}/tasks/{{task}}"


@op(f"GET {TASKS}", "ListTasks", gives="ListTasksResponse", asks=FILTERED)
def list_tasks(call: Call) -> Row:
    """Of a project, or with `projects/-` of all projects of the workspace."""
    name = call.name
    if call.path["project"] != "-":
        call.above()
    elif call.flawed("tasks-wildcard"):
        name = "workspaces/-/projects/-"
    return paged(call, "Task", call.at.children(name, "tasks"))


def assignee(call: Call, name: str) -> None:
    """Tasks are given to people who reach the project."""
    row = call.at.rows.get(name)
    known = row is not None and name.startswith("users/") and name.count("/") == 1
    if row is None or not known or call.at.rank(f"user:{row['email']}", call.name) < 0:
        raise Fault(INVALID_ARGUMENT, f"'{name}' is not a member.")


def assigned(call: Call, said: Row, *flaws: str) -> Row:
    if said.get("asset"):
        asset = call.referred(said["asset"], "assets", *flaws)
        said["assetDisplayName"] = asset["displayName"]
    if said.get("assignee"):
        assignee(call, said["assignee"])
    return said


@op(f"POST {TASKS}", "CreateTask", "editor", takes="Task", gives="Task", asks="taskId:str")
def create_task(call: Call) -> Row:
    call.above()
    said = assigned(call, call.take("displayName"), "task-asset")
    row = call.create(call.chosen("tasks", "taskId"), said | {"state": "OPEN"})
    tell(call, row.get("assignee", ""), f"New task: {row['displayName']}", row["name"])
    return shown("Task", row)


@op(f"GET {TASK}", "GetTask", gives="Task")
def get_task(call: Call) -> Row:
    return shown("Task", call.own())


@op(f"PATCH {TASK}", "UpdateTask", "editor", takes="Task", gives="Task", asks="updateMask:mask")
def update_task(call: Call) -> Row:
    row, said = call.own(), assigned(call, call.take())
    row["assetDisplayName"] = said.pop("assetDisplayName", row.get("assetDisplayName"))
    return shown("Task", call.patched(row, "Task", said, call.asked("updateMask")))


@op(f"DELETE {TASK}", "DeleteTask", "editor", gives="Empty", asks="etag:str")
def delete_task(call: Call) -> Row:
    call.unchanged(call.own(), call.asked("etag"))
    del call.at.rows[call.name]
    return {}


def becomes(before: tuple[str, ...], state: str) -> Any:
    def does(call: Call) -> Row:
        row = call.own()
        call.unchanged(row, call.take().get("etag", ""))
        if row["state"] not in before:
            raise Fault(FAILED_PRECONDITION, f"The task is {row['state']}.")
        return shown("Task", call.changed(row, state=state))

    return does


MOVES: dict[str, Any] = {"takes": "TransitionTaskRequest", "gives": "Task"}
op(f"POST {TASK}:submit", "SubmitTask", **MOVES)(becomes(("OPEN", "SUBMITTED"), "SUBMITTED"))
op(f"POST {TASK}:approve", "ApproveTask", "editor", low="approve-by-viewer", **MOVES)(
    becomes(("OPEN", "SUBMITTED", "APPROVED"), "APPROVED")
)
COLLECTIONS = f"{SPACE}/collections"
COLLECTION = f"{COLLECTIONS}/{{collection}}"


@op(f"GET {COLLECTIONS}", "ListCollections", gives="ListCollectionsResponse", asks=FILTERED)
def list_collections(call: Call) -> Row:
    return paged(call, "Collection", call.at.children(call.name, "collections"))


@op(
    f"POST {COLLECTIONS}",
    "CreateCollection",
    "editor",
    takes="Collection",
    gives="Collection",
    asks="collectionId:str",
)
def create_collection(call: Call) -> Row:
    said: Row = {"assets": []} | call.take("displayName")
    for name in said["assets"]:
        call.referred(name, "assets")
    return shown("Collection", call.create(call.chosen("collections", "collectionId"), said))


@op(f"GET {COLLECTION}", "GetCollection", gives="Collection")
def get_collection(call: Call) -> Row:
    return shown("Collection", call.own())


@op(f"DELETE {COLLECTION}", "DeleteCollection", "editor", gives="Empty")
def delete_collection(call: Call) -> Row:
    call.own()
    del call.at.rows[call.name]
    return {}


MODIFY: dict[str, Any] = {"takes": "ModifyAssetsRequest", "gives": "Collection"}


@op(f"POST {COLLECTION}:addAssets", "AddAssets", "editor", **MODIFY)
def add_assets(call: Call) -> Row:
    row, names = call.own(), call.take("assets")["assets"]
    for name in names:
        call.referred(name, "assets", "collection-assets")
    kept = list(dict.fromkeys([*row["assets"], *names]))
    return shown("Collection", call.changed(row, assets=kept))


@op(f"POST {COLLECTION}:removeAssets", "RemoveAssets", "editor", **MODIFY)
def remove_assets(call: Call) -> Row:
    row, names = call.own(), call.take("assets")["assets"]
    return shown(
        "Collection", call.changed(row, assets=[a for a in row["assets"] if a not in names])
    )


VIEWS = f"{SPACE}/savedViews"


@op(f"GET {VIEWS}", "ListSavedViews", gives="ListSavedViewsResponse", asks=LISTED)
def list_views(call: Call) -> Row:
    rows = call.at.children(call.name, "savedViews")
    return paged(call, "SavedView", [row for row in rows if row["creator"] == call.who])


@op(f"POST {VIEWS}", "CreateSavedView", takes="SavedView", gives="SavedView")
def create_view(call: Call) -> Row:
    said = call.take("displayName")
    return shown("SavedView", call.create(call.at.new(call.name, "savedViews"), said))


def private(call: Call, *flaws: str) -> Row:
    row = call.own()
    if row["creator"] != call.who and not call.flawed(*flaws):
        raise missing(call.name)
    return row


@op(f"GET {VIEWS}/{{savedView}}", "GetSavedView", gives="SavedView")
def get_view(call: Call) -> Row:
    return shown("SavedView", private(call, "view-colleague"))


@op(f"DELETE {VIEWS}/{{savedView}}", "DeleteSavedView", gives="Empty")
def delete_view(call: Call) -> Row:
    private(call)
    del call.at.rows[call.name]
    return {}


@op(f"GET {SPACE}:search", "Search", gives="SearchResponse", asks="query:str pageSize:int32")
def search(call: Call) -> Row:
    word = call.asked("query").strip().lower()
    if not word:
        raise Invalid("query is required")
    of = "workspaces/-" if call.flawed("search-all") else call.name
    rows = [*call.at.children(of, "projects"), *call.at.children(f"{of}/projects/-", "assets")]
    found = [
        {
            "name": row["name"],
            "title": row["displayName"],
            "snippet": row.get("description", "")[:80],
        }
        for row in rows
        if not row["deleted"] and word in f"{row['displayName']} {row.get('description')}".lower()
    ]
    return {"results": found[:100], "nextPageToken": "", "totalSize": len(found)}


@op(
    f"POST {PROJECT}:export",
    "ExportProject",
    "editor",
    takes="ExportProjectRequest",
    gives="Operation",
)
def export_project(call: Call) -> Row:
    project, home = call.live(), workspace(call.name)
    said: Row = {"format": call.take().get("format") or "csv", "project": project["name"]}
    assets = [row for row in call.at.children(call.name, "assets") if not row["deleted"]]
    lines = "".join(f"{row['uid']},{row['displayName']}\r\n" for row in assets)
    said |= {"assetCount": len(assets), "state": "RUNNING", "content": f"uid,title\r\n{lines}"}
    export = call.create(call.at.new(home, "exports"), said)
    row = call.at.put(call.at.new("", "operations"), call.who, export=export, home=home)
    row.update(done=False, metadata={"@type": "type.googleapis.com/studio.v1.ExportMetadata"})
    row["metadata"] |= {"target": project["name"], "jobId": row["uid"]}
    return shown("Operation", row)


def finished(row: Row, code: int = 0) -> Row:
    """The operation when it is over: with the export, or as cancelled."""
    if not row["done"]:
        row["done"], export = True, row["export"]
        export["state"] = "CANCELLED" if code else "SUCCEEDED"
        said = {"code": code, "message": "The operation was cancelled.", "details": []}
        export = {"@type": "type.googleapis.com/studio.v1.Export"} | shown("Export", export)
        row.update({"error": said} if code else {"response": export})
    return row


def job(call: Call, role: str, *flaws: str) -> Row:
    row = call.row(call.name)
    if call.at.rank(call.principal, row["home"]) < 0 and not call.flawed(*flaws):
        raise missing(call.name)
    if not call.flawed(*flaws):
        call.demand(role, row["home"])
    return row


@op("GET /v1/operations", "ListOperations", "user", gives="ListOperationsResponse", asks=FILTERED)
def list_operations(call: Call) -> Row:
    """Of the workspace that the header chooses, or of the caller's first one."""
    mine = [
        each for each in spaces(call, call.principal) if call.at.rank(call.principal, each) >= 0
    ]
    asked = call.request.headers.get("X-Studio-Workspace", "")
    if asked and asked not in mine and not call.flawed("header-workspace"):
        raise call.denied(asked)
    home = asked or (mine[0] if mine else "")
    every = [row for name, row in call.at.rows.items() if name.startswith("operations/")]
    return paged(call, "Operation", [row for row in every if row["home"] == home])


@op("GET /v1/operations/{operation}", "GetOperation", "user", gives="Operation")
def get_operation(call: Call) -> Row:
    return shown("Operation", finished(job(call, "viewer", "operation-get")))


@op(
    "POST /v1/operations/{operation}:cancel",
    "CancelOperation",
    "user",
    takes="Empty",
    gives="Empty",
)
def cancel_operation(call: Call) -> Row:
    finished(job(call, "editor", "operation-cancel"), 1)
    return {}


@op("DELETE /v1/operations/{operation}", "DeleteOperation", "user", gives="Empty")
def delete_operation(call: Call) -> Row:
    job(call, "editor")
    del call.at.rows[call.name]
    return {}


EXPORTS = f"{SPACE}/exports"


@op(f"GET {EXPORTS}", "ListExports", gives="ListExportsResponse", asks=FILTERED)
def list_exports(call: Call) -> Row:
    return paged(call, "Export", call.at.children(call.name, "exports"))


@op(f"GET {EXPORTS}/{{export}}", "GetExport", gives="Export")
def get_export(call: Call) -> Row:
    return shown("Export", call.own())


@op(
    f"GET {EXPORTS}/{{export}}:download", "DownloadExport", open="export-download", gives="text/csv"
)
def download_export(call: Call) -> Response:
    row = call.own()
    if row["state"] == "CANCELLED":
        raise Fault(FAILED_PRECONDITION, f"The export is {row['state']}.")
    return Response(row["content"], mimetype="text/csv")
