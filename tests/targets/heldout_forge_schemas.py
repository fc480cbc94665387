"""What the source host takes and gives, field by field, for its document and its checks."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]
RIGHTS = "read|write|admin"
LONGEST = 100
# `name?` need not be there, `type?` may be null, `[type]` is a list of it.
TAKEN = {
    "CreateRepoOption": "name:name description?:str? private?:bool",
    "EditRepoOption": "name?:name description?:str? private?:bool archived?:bool",
    "FileOptions": "content:str message?:str",
    "CreateForkOption": "organization?:str name?:name",
    "TransferRepoOption": "new_owner:str",
    "AddCollaboratorOption": f"permission?:{RIGHTS}",
    "CreateRepoInvitationOption": f"username:str permission?:{RIGHTS}",
    "CreateKeyOption": "title:str key:str read_only?:bool",
    "CreateHookOption": "config:HookConfig events?:[str] active?:bool",
    "EditHookOption": "config?:HookConfig events?:[str] active?:bool",
    "HookConfig": "url:uri content_type?:json|form secret?:str",
    "SubscriptionOption": "ignored?:bool",
    "ReportOption": "reason:str",
    "CreateIssueOption": "title:str body?:str? milestone?:int? labels?:[str] assignees?:[str]",
    "EditIssueOption": (
        "title?:str body?:str? state?:open|closed milestone?:int? labels?:[str] assignees?:[str]"
    ),
    "CommentOption": "body:str",
    "LabelOption": "name:name color?:str description?:str?",
    "EditLabelOption": "new_name?:name color?:str description?:str?",
    "IssueLabelsOption": "labels:[str]",
    "CreateMilestoneOption": "title:str description?:str? due_on?:datetime?",
    "EditMilestoneOption": ("title?:str description?:str? state?:open|closed due_on?:datetime?"),
    "CreatePullRequestOption": "title:str head:str base:str head_repo?:str body?:str?",
    "EditPullRequestOption": "title?:str body?:str? state?:open|closed",
    "MergeOption": "commit_title?:str merge_method?:merge|squash|rebase",
    "CreateReleaseOption": (
        "tag_name:name name?:str? body?:str? draft?:bool prerelease?:bool target_commitish?:str"
    ),
    "EditReleaseOption": "name?:str? body?:str? draft?:bool prerelease?:bool",
    "CreateAssetOption": "name:str content?:str",
    "EditAssetOption": "name:str",
    "DispatchOption": "workflow:str ref?:str",
    "SecretOption": "value:str",
    "OrgSecretOption": "value:str visibility?:all|private|selected",
    "SecretRepositoriesOption": "selected_repository_ids:[int]",
    "EditOrgOption": "name?:str description?:str? location?:str?",
    "CreateOrgInvitationOption": "username:str role?:member|owner",
    "CreateTeamOption": f"name:name description?:str? permission?:{RIGHTS} every?:bool",
    "EditTeamOption": f"description?:str? permission?:{RIGHTS}",
    "CreateMigrationOption": "repositories:[str]",
    "EditUserOption": "full_name?:str bio?:str?",
    "EditMembershipOption": "state:active",
    "CreateAccessTokenOption": "name:str scopes:[str]",
    "ReadNotificationsOption": "ids?:[int]",
}
TIMES = "created_at:datetime updated_at:datetime"
GIVEN = {
    "User": "id:int login:str full_name:str html_url:uri created_at:datetime",
    "PrivateUser": (
        "id:int login:str full_name:str email:str bio:str? site_admin:bool created_at:datetime"
    ),
    "Repository": (
        "id:int name:str full_name:str owner:User private:bool description:str? fork:bool "
        "parent:str? archived:bool default_branch:str html_url:uri stargazers_count:int "
        f"forks_count:int open_issues_count:int permissions:Permissions {TIMES}"
    ),
    "Permissions": "admin:bool push:bool pull:bool",
    "ContentsResponse": "name:str path:str content:str encoding:str",
    "Collaborator": f"login:str permission:{RIGHTS}",
    "RepoInvitation": (
        f"id:int repository:str invitee:str inviter:str permission:{RIGHTS} created_at:datetime"
    ),
    "DeployKey": "id:int title:str key:str read_only:bool created_at:datetime",
    "Hook": f"id:int type:str active:bool events:[str] config:HookConfigView {TIMES}",
    "HookConfigView": "url:uri content_type:str",
    "Subscription": "subscribed:bool ignored:bool repository:str",
    "Issue": (
        "id:int number:int title:str body:str? state:open|closed locked:bool user:str "
        "labels:[Label] milestone:int? assignees:[str] repository:str pull_request:bool "
        f"comments:int {TIMES}"
    ),
    "Comment": f"id:int body:str user:str issue:int {TIMES}",
    "TimelineEvent": "event:str actor:str created_at:datetime body:str?",
    "Label": "id:int name:str color:str description:str?",
    "Milestone": (
        "id:int number:int title:str description:str? state:open|closed due_on:datetime? "
        f"open_issues:int closed_issues:int {TIMES}"
    ),
    "PullRequest": (
        "id:int number:int title:str body:str? state:open|closed user:str head:str "
        f"head_repo:str? base:str merged:bool {TIMES}"
    ),
    "ChangedFile": "filename:str status:str patch:str",
    "MergeResult": "merged:bool message:str",
    "Release": (
        "id:int tag_name:str name:str? body:str? draft:bool prerelease:bool author:str "
        f"assets:[Asset] {TIMES}"
    ),
    "Asset": f"id:int name:str size:int uploader:str {TIMES}",
    "WorkflowRun": f"id:int run_number:int name:str status:str attempt:int actor:str {TIMES}",
    "Artifact": "id:int name:str run_id:int size_in_bytes:int created_at:datetime",
    "DownloadLink": "url:uri",
    "Secret": f"name:str {TIMES}",
    "OrgSecret": f"name:str visibility:str {TIMES}",
    "Organization": (
        "id:int login:str name:str description:str? location:str? public_repos:int "
        "total_private_repos:int? plan:str? created_at:datetime"
    ),
    "OrgMember": "login:str role:owner|member",
    "OrgInvitation": "id:int organization:str login:str role:owner|member created_at:datetime",
    "Team": f"id:int slug:str name:str description:str? permission:{RIGHTS} every:bool",
    "AuditPage": "entries:[AuditEntry] after:str?",
    "AuditEntry": "id:int action:str actor:str about:str created_at:datetime",
    "Migration": "id:int state:str repositories:[str] created_at:datetime",
    "Archive": "repositories:[ArchivedRepo]",
    "ArchivedRepo": "full_name:str files:[str] issues:[str]",
    "AccessToken": "id:int name:str scopes:[str] token_last_eight:str created_at:datetime",
    "NewAccessToken": (
        "id:int name:str scopes:[str] token_last_eight:str token:str created_at:datetime"
    ),
    "Thread": "id:int unread:bool reason:str subject:str repository:str updated_at:datetime",
    "RepoSearchResults": "total_count:int items:[Repository]",
    "IssueSearchResults": "total_count:int items:[Issue]",
    "CodeSearchResults": "total_count:int items:[CodeMatch]",
    "CodeMatch": "repository:str path:str fragment:str",
    "ServerVersion": "version:str",
    "License": "key:str name:str",
    "Error": "message:str documentation_url?:str",
    "ValidationError": "message:str errors?:[FieldError]",
    "FieldError": "resource:str field:str code:str",
}
SIMPLE: dict[str, tuple[type | tuple[type, ...], Row]] = {
    "str": (str, {"type": "string"}),
    "name": (str, {"type": "string", "minLength": 1, "maxLength": 100}),
    "int": (int, {"type": "integer", "format": "int64"}),
    "bool": (bool, {"type": "boolean"}),
    "datetime": (str, {"type": "string", "format": "date-time"}),
    "uri": (str, {"type": "string", "format": "uri"}),
}


def split(written: str) -> list[tuple[str, str, bool]]:
    """The fields: their names, types, and whether they have to be there."""
    fields = []
    for word in written.split():
        name, _, kind = word.partition(":")
        fields.append((name.removesuffix("?"), kind, not name.endswith("?")))
    return fields


def simple(kind: str, said: Any) -> bool:
    if isinstance(said, bool) and kind != "bool":
        return False
    named = kind != "name" or (isinstance(said, str) and 0 < len(said.strip()) <= LONGEST)
    return named and isinstance(said, SIMPLE[kind][0])


def fits(kind: str, said: Any) -> bool:
    """Whether a value is of the type."""
    if kind.endswith("?"):
        return said is None or fits(kind[:-1], said)
    if kind.startswith("["):
        return isinstance(said, list) and all(fits(kind[1:-1], each) for each in said)
    if kind in TAKEN:
        return isinstance(said, dict) and not problems(kind, said)[1]
    if kind in SIMPLE:
        return simple(kind, said)
    return isinstance(said, str) and said in kind.split("|")


def problems(takes: str, said: Row) -> tuple[Row, list[Row]]:
    """What the body says of the schema's fields, and what is wrong with them."""
    known, errors = {}, []
    for name, kind, needed in split(TAKEN[takes]):
        resource = takes.removesuffix("Option").removeprefix("Create").removeprefix("Edit")
        wrong = {"resource": resource, "field": name}
        if name not in said:
            errors += [wrong | {"code": "missing_field"}] if needed else []
        elif not fits(kind, said[name]):
            errors.append(wrong | {"code": "invalid"})
        else:
            known[name] = said[name]
    return known, errors


def typed(kind: str) -> Row:
    """The type as a schema of the document."""
    if kind.endswith("?"):
        return typed(kind[:-1]) | {"nullable": True}
    if kind.startswith("["):
        return {"type": "array", "items": typed(kind[1:-1])}
    if "|" in kind:
        return {"type": "string", "enum": kind.split("|")}
    if kind in SIMPLE:
        return dict(SIMPLE[kind][1])
    if kind in TAKEN or kind in GIVEN:
        return {"$ref": f"#/components/schemas/{kind}"}
    return {"type": "string", "enum": [kind]}


def schema(written: str) -> Row:
    fields = split(written)
    made: Row = {"type": "object", "properties": {name: typed(kind) for name, kind, _ in fields}}
    needed = [name for name, _, need in fields if need]
    return made | ({"required": needed} if needed else {})
