"""Issues with their comments, labels and milestones: by numbers and names within a repository."""

from __future__ import annotations

import hashlib

from tests.targets.heldout_forge_core import READ, WRITE, Call, Problem, invalid, op
from tests.targets.heldout_forge_repos import full, picked
from tests.targets.heldout_forge_schemas import Row
from tests.targets.heldout_forge_target import (
    COMMENT,
    ISSUE,
    ISSUES,
    LABEL,
    LABELS,
    MILESTONE,
    MILESTONES,
)


def label(row: Row) -> Row:
    return picked(row, "id name color description")


def shown(call: Call, row: Row) -> Row:
    """An issue, or a pull request as one."""
    repo = call.at.tables["repos"][row["repo"]]
    labels = [
        each for each in call.at.rows("labels", repo=repo["id"]) if each["name"] in row["labels"]
    ]
    said = picked(row, "id number title body state locked user milestone assignees")
    return said | {
        "labels": [label(each) for each in labels],
        "repository": full(repo),
        "pull_request": row["pull"],
        "comments": len(call.at.rows("comments", issue=row["id"])),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def triaged(call: Call, repo: Row, said: Row) -> Row:
    """What only those who may write choose: nobody else's choice is taken."""
    chosen = {name: said.pop(name) for name in ("labels", "milestone", "assignees") if name in said}
    if not call.may(repo, WRITE):
        return said
    if chosen.get("milestone") is not None and not call.at.rows(
        "milestones", repo=repo["id"], number=chosen["milestone"]
    ):
        raise invalid("Issue", "milestone")
    known = {row["name"] for row in call.at.rows("labels", repo=repo["id"])}
    if not known.issuperset(chosen.get("labels", [])):
        raise invalid("Issue", "labels")
    for login in chosen.get("assignees", []):
        if login not in call.at.users or call.at.right(login, repo) < READ:
            raise invalid("Issue", "assignees")
    return said | chosen


def opened(call: Call, repo: Row, said: Row, *, pull: bool = False) -> Row:
    blank: Row = {"body": None, "milestone": None, "labels": [], "assignees": []}
    row = call.at.add(
        "issues",
        repo=repo["id"],
        number=next(repo["numbers"]),
        user=call.login,
        state="open",
        locked=False,
        pull=pull,
        merged=False,
        **(blank | said),
    )
    happened(call, row, "opened")
    call.notify(repo, row["title"], "subscribed", *row["assignees"])
    return row


def happened(call: Call, row: Row, event: str, body: str | None = None) -> None:
    call.at.add("events", issue=row["id"], event=event, actor=call.login, body=body)


@op(
    f"GET {ISSUES}", "issues/list-for-repo", "List repository issues", gives="[Issue]", asks="state"
)
def list_issues(call: Call) -> list[Row]:
    rows, state = call.at.rows("issues", repo=call.repo()["id"]), call.asked("state", "open")
    rows = [row for row in rows if state in ("all", row["state"])]
    return [shown(call, row) for row in call.page(rows[::-1])]


@op(
    f"POST {ISSUES}",
    "issues/create",
    "Create an issue",
    takes="CreateIssueOption",
    gives="Issue",
    status=201,
)
def create_issue(call: Call) -> Row:
    repo = call.repo()
    return shown(call, opened(call, repo, triaged(call, repo, call.take())))


@op(f"GET {ISSUE}", "issues/get", "Get an issue", gives="Issue")
def get_issue(call: Call) -> Row:
    if call.flawed("issue-etag") and call.request.headers.get("If-None-Match"):
        repo = call.at.find(call.path["owner"], call.path["repo"])
        said = call.request.headers["If-None-Match"]
        if repo and said in ("*", tag(call.numbered(repo))):
            raise Problem(304)
    row = call.numbered(call.repo())
    call.headers["ETag"] = tag(row)
    return shown(call, row)


def tag(row: Row) -> str:
    said = f"{row['id']}-{row['updated_at']}-{row['state']}".encode()
    return f'W/"{hashlib.sha256(said).hexdigest()[:32]}"'


@op(
    f"PATCH {ISSUE}",
    "issues/update",
    "Update an issue",
    takes="EditIssueOption",
    gives="Issue",
)
def update_issue(call: Call) -> Row:
    repo = call.repo()
    row, said = call.numbered(repo), call.take()
    if row["user"] != call.login and not call.may(repo, WRITE):
        raise Problem(403, "Must have write rights to Repository.")
    said = triaged(call, repo, said)
    row.update(said, updated_at=call.at.now())
    happened(call, row, "edited")
    return shown(call, row)


@op(f"PUT {ISSUE}/lock", "issues/lock", "Lock an issue", status=204)
def lock(call: Call) -> None:
    row = call.numbered(call.repo(WRITE, "issue-lock"))
    row.update(locked=True, updated_at=call.at.now())
    happened(call, row, "locked")


@op(f"DELETE {ISSUE}/lock", "issues/unlock", "Unlock an issue", status=204)
def unlock(call: Call) -> None:
    row = call.numbered(call.repo(WRITE))
    row.update(locked=False, updated_at=call.at.now())
    happened(call, row, "unlocked")


@op(
    f"GET {ISSUE}/timeline",
    "issues/list-events-for-timeline",
    "List timeline events for an issue",
    gives="[TimelineEvent]",
)
def timeline(call: Call) -> list[Row]:
    row = call.numbered(call.repo(READ, "timeline-elsewhere"))
    rows = call.page(call.at.rows("events", issue=row["id"]))
    return [picked(each, "event actor created_at body") for each in rows]


def remark(call: Call, row: Row) -> Row:
    number = call.at.tables["issues"][row["issue"]]["number"]
    return picked(row, "id body user created_at updated_at") | {"issue": number}


@op(
    f"GET {ISSUES}/comments",
    "issues/list-comments-for-repo",
    "List issue comments for a repository",
    gives="[Comment]",
)
def list_all_comments(call: Call) -> list[Row]:
    rows = call.at.rows("comments", repo=call.repo()["id"])
    return [remark(call, row) for row in call.page(rows)]


@op(f"GET {ISSUE}/comments", "issues/list-comments", "List issue comments", gives="[Comment]")
def list_comments(call: Call) -> list[Row]:
    rows = call.at.rows("comments", issue=call.numbered(call.repo())["id"])
    return [remark(call, row) for row in call.page(rows)]


@op(
    f"POST {ISSUE}/comments",
    "issues/create-comment",
    "Create an issue comment",
    takes="CommentOption",
    gives="Comment",
    status=201,
)
def create_comment(call: Call) -> Row:
    repo = call.repo()
    issue, body = call.numbered(repo), call.take()["body"]
    if issue["locked"] and not call.may(repo, WRITE):
        raise Problem(403, "Unable to create comment because issue is locked.")
    row = call.at.add("comments", repo=repo["id"], issue=issue["id"], user=call.login, body=body)
    happened(call, issue, "commented", body)
    call.notify(repo, issue["title"], "comment", issue["user"])
    return remark(call, row)


@op(f"GET {COMMENT}", "issues/get-comment", "Get an issue comment", gives="Comment")
def get_comment(call: Call) -> Row:
    return remark(call, call.of(call.repo(), "comments", "comment_id", "comment-elsewhere"))


def writable(call: Call, *flaws: str) -> Row:
    repo = call.repo()
    row = call.of(repo, "comments", "comment_id", *flaws)
    if row["user"] != call.login and not call.may(repo, WRITE):
        raise Problem(403, "Must be the author or have write rights to Repository.")
    return row


@op(
    f"PATCH {COMMENT}",
    "issues/update-comment",
    "Update an issue comment",
    takes="CommentOption",
    gives="Comment",
)
def update_comment(call: Call) -> Row:
    row = writable(call, "comment-patch")
    row.update(call.take(), updated_at=call.at.now())
    return remark(call, row)


@op(f"DELETE {COMMENT}", "issues/delete-comment", "Delete an issue comment", status=204)
def delete_comment(call: Call) -> None:
    del call.at.tables["comments"][writable(call)["id"]]


@op(f"GET {LABELS}", "issues/list-labels-for-repo", "List labels", gives="[Label]")
def list_labels(call: Call) -> list[Row]:
    return [label(row) for row in call.page(call.at.rows("labels", repo=call.repo()["id"]))]


@op(
    f"POST {LABELS}",
    "issues/create-label",
    "Create a label",
    takes="LabelOption",
    gives="Label",
    status=201,
)
def create_label(call: Call) -> Row:
    repo, said = call.repo(WRITE), {"color": "ededed", "description": None} | call.take()
    if call.at.rows("labels", repo=repo["id"], name=said["name"]):
        raise invalid("Label", "name", "already_exists")
    return label(call.at.add("labels", repo=repo["id"], **said))


def named(call: Call, repo: Row) -> Row:
    found = call.at.rows("labels", repo=repo["id"], name=call.path["name"])
    if not found:
        raise Problem(404)
    return found[0]


@op(f"GET {LABEL}", "issues/get-label", "Get a label", gives="Label")
def get_label(call: Call) -> Row:
    return label(named(call, call.repo()))


@op(
    f"PATCH {LABEL}",
    "issues/update-label",
    "Update a label",
    takes="EditLabelOption",
    gives="Label",
)
def update_label(call: Call) -> Row:
    repo = call.repo(WRITE)
    row, said = named(call, repo), call.take()
    if "new_name" in said:
        said["name"] = said.pop("new_name")
        found = call.at.rows("labels", repo=repo["id"], name=said["name"])
        if found and found[0] is not row:
            raise invalid("Label", "name", "already_exists")
    row.update(said)
    return label(row)


@op(f"DELETE {LABEL}", "issues/delete-label", "Delete a label", status=204)
def delete_label(call: Call) -> None:
    row = named(call, call.repo(WRITE, "label-delete"))
    del call.at.tables["labels"][row["id"]]


@op(
    f"PUT {ISSUE}/labels",
    "issues/set-labels",
    "Set labels for an issue",
    takes="IssueLabelsOption",
    gives="[Label]",
)
def set_labels(call: Call) -> list[Row]:
    repo = call.repo(WRITE)
    row = call.numbered(repo)
    row.update(triaged(call, repo, call.take()), updated_at=call.at.now())
    labels: list[Row] = shown(call, row)["labels"]
    return labels


def aim(call: Call, row: Row) -> Row:
    issues = call.at.rows("issues", repo=row["repo"], milestone=row["number"])
    still = sum(issue["state"] == "open" for issue in issues)
    said = picked(row, "id number title description state due_on created_at updated_at")
    return said | {"open_issues": still, "closed_issues": len(issues) - still}


@op(f"GET {MILESTONES}", "issues/list-milestones", "List milestones", gives="[Milestone]")
def list_milestones(call: Call) -> list[Row]:
    rows = call.at.rows("milestones", repo=call.repo()["id"])
    return [aim(call, row) for row in call.page(rows)]


@op(
    f"POST {MILESTONES}",
    "issues/create-milestone",
    "Create a milestone",
    takes="CreateMilestoneOption",
    gives="Milestone",
    status=201,
)
def create_milestone(call: Call) -> Row:
    repo = call.repo(WRITE)
    said = {"description": None, "due_on": None, "state": "open"} | call.take()
    number = next(repo["milestone_numbers"])
    return aim(call, call.at.add("milestones", repo=repo["id"], number=number, **said))


@op(f"GET {MILESTONE}", "issues/get-milestone", "Get a milestone", gives="Milestone")
def get_milestone(call: Call) -> Row:
    return aim(call, call.numbered(call.repo(), "milestones"))


@op(
    f"PATCH {MILESTONE}",
    "issues/update-milestone",
    "Update a milestone",
    takes="EditMilestoneOption",
    gives="Milestone",
)
def update_milestone(call: Call) -> Row:
    row = call.numbered(call.repo(WRITE), "milestones")
    row.update(call.take(), updated_at=call.at.now())
    return aim(call, row)


@op(f"DELETE {MILESTONE}", "issues/delete-milestone", "Delete a milestone", status=204)
def delete_milestone(call: Call) -> None:
    row = call.numbered(call.repo(WRITE), "milestones")
    for issue in call.at.rows("issues", repo=row["repo"], milestone=row["number"]):
        issue["milestone"] = None
    del call.at.tables["milestones"][row["id"]]
