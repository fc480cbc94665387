"""Organisations: their members, what they keep secret, and what they take with them."""

from __future__ import annotations

import base64

from tests.targets.heldout_forge_core import Call, Problem, invalid, op
from tests.targets.heldout_forge_repos import full, picked, shown
from tests.targets.heldout_forge_schemas import Row
from tests.targets.heldout_forge_target import (
    MEMBER,
    MIGRATION,
    MIGRATIONS,
    ORG,
    ORG_SECRET,
)


def profile(call: Call, row: Row) -> Row:
    """The organisation; what is private is counted for its members."""
    inside = call.belongs(row["login"])
    repos = call.at.rows("repos", owner=row["login"])
    private = sum(repo["private"] for repo in repos)
    counted = inside or call.flawed("org-private-count")
    return picked(row, "id login name description location created_at") | {
        "public_repos": len(repos) - private,
        "total_private_repos": private if counted else None,
        "plan": row["plan"] if inside else None,
    }


@op(f"GET {ORG}", "orgs/get", "Get an organization", gives="Organization")
def get(call: Call) -> Row:
    return profile(call, call.org())


@op(
    f"PATCH {ORG}",
    "orgs/update",
    "Update an organization",
    takes="EditOrgOption",
    gives="Organization",
)
def update(call: Call) -> Row:
    row = call.org("owner")
    row.update(call.take())
    return profile(call, row)


@op(f"GET {ORG}/repos", "repos/list-for-org", "List organization repos", gives="[Repository]")
def list_repos(call: Call) -> list[Row]:
    rows = call.at.rows("repos", owner=call.org()["login"])
    rows = [row for row in rows if call.sees(row) or call.flawed("org-repos-private")]
    return [shown(call, row) for row in call.page(rows)]


@op(f"GET {ORG}/members", "orgs/list-members", "List members", gives="[OrgMember]")
def list_members(call: Call) -> list[Row]:
    org = call.org()
    inside = call.belongs(org["login"])
    rows = [
        {"login": login, "role": said["role"]}
        for login, said in org["members"].items()
        if inside or said["public"]
    ]
    return call.page(rows)


def member(call: Call, org: Row) -> Row:
    said: Row | None = org["members"].get(call.path["username"])
    if said is None or not (said["public"] or call.belongs(org["login"])):
        raise Problem(404)
    return said


@op(f"GET {MEMBER}", "orgs/get-member", "Get a member", gives="OrgMember")
def get_member(call: Call) -> Row:
    return {"login": call.path["username"], "role": member(call, call.org())["role"]}


@op(f"DELETE {MEMBER}", "orgs/remove-member", "Remove a member", status=204)
def remove_member(call: Call) -> None:
    org, login = call.org("owner"), call.path["username"]
    owners = [name for name, said in org["members"].items() if said["role"] == "owner"]
    if member(call, org)["role"] == "owner" and owners == [login]:
        raise Problem(403, "Cannot remove the last owner.")
    del org["members"][login]
    for team in [] if call.flawed("member-teams") else call.at.rows("teams", org=org["login"]):
        team["members"] = [each for each in team["members"] if each != login]
    call.log(org["login"], "org.remove_member", login)


@op(
    f"PUT {ORG}/public_members/{{username}}",
    "orgs/set-public-membership",
    "Set public organization membership for the authenticated user",
    status=204,
)
def publish(call: Call) -> None:
    org = call.org("member")
    if call.path["username"] != call.login:
        raise Problem(403)
    org["members"][call.login]["public"] = True


@op(
    f"DELETE {ORG}/public_members/{{username}}",
    "orgs/remove-public-membership",
    "Remove public organization membership for the authenticated user",
    status=204,
)
def conceal(call: Call) -> None:
    org = call.org("member")
    if call.path["username"] != call.login:
        raise Problem(403)
    org["members"][call.login]["public"] = False


def invitation(row: Row) -> Row:
    return picked(row, "id login role created_at") | {"organization": row["org"]}


@op(
    f"GET {ORG}/invitations",
    "orgs/list-pending-invitations",
    "List pending organization invitations",
    gives="[OrgInvitation]",
)
def list_invitations(call: Call) -> list[Row]:
    rows = call.at.rows("org_invitations", org=call.org("owner")["login"])
    return [invitation(row) for row in call.page(rows)]


@op(
    f"POST {ORG}/invitations",
    "orgs/create-invitation",
    "Create an organization invitation",
    takes="CreateOrgInvitationOption",
    gives="OrgInvitation",
    status=201,
)
def invite(call: Call) -> Row:
    org, said = call.org("owner"), call.take()
    login = call.user(said["username"], "OrganizationInvitation")["login"]
    if login in org["members"] or call.at.rows("org_invitations", org=org["login"], login=login):
        raise invalid("OrganizationInvitation", "username", "already_exists")
    role = said.get("role", "member")
    return invitation(call.at.add("org_invitations", org=org["login"], login=login, role=role))


@op(
    f"DELETE {ORG}/invitations/{{invitation_id}}",
    "orgs/cancel-invitation",
    "Cancel an organization invitation",
    status=204,
)
def uninvite(call: Call) -> None:
    org = call.org("owner")
    row = call.at.tables["org_invitations"].get(call.number("invitation_id"))
    if row is None or row["org"] != org["login"]:
        raise Problem(404)
    del call.at.tables["org_invitations"][row["id"]]


@op(
    f"GET {ORG}/audit-log",
    "orgs/get-audit-log",
    "Get the audit log of an organization",
    gives="AuditPage",
    asks="after per_page",
)
def audit(call: Call) -> Row:
    org, start, after = call.org("owner")["login"], 0, call.asked("after")
    if after:
        try:
            of, _, said = base64.urlsafe_b64decode(after.encode()).decode().partition(":")
            start = int(said)
        except ValueError:
            raise invalid("AuditLog", "after") from None
        if of != org and not call.flawed("audit-cursor"):
            raise invalid("AuditLog", "after")
        org = of
    rows = [row for row in call.at.rows("audit", org=org) if row["id"] > start]
    size = min(max(call.whole("per_page", 30), 1), 100)
    more = f"{org}:{rows[size - 1]['id']}" if len(rows) > size else ""
    return {
        "entries": [picked(row, "id action actor about created_at") for row in rows[:size]],
        "after": base64.urlsafe_b64encode(more.encode()).decode() if more else None,
    }


def secret(name: str, row: Row) -> Row:
    return {"name": name} | picked(row, "visibility created_at updated_at")


@op(
    f"GET {ORG}/actions/secrets",
    "actions/list-org-secrets",
    "List organization secrets",
    gives="[OrgSecret]",
)
def list_secrets(call: Call) -> list[Row]:
    kept = call.org("owner")["secrets"].items()
    return call.page([secret(name, row) for name, row in kept])


@op(
    f"PUT {ORG_SECRET}",
    "actions/create-or-update-org-secret",
    "Create or update an organization secret",
    takes="OrgSecretOption",
    status=201,
)
def put_secret(call: Call) -> None:
    kept, name, now = call.org("owner")["secrets"], call.path["secret_name"].upper(), call.at.now()
    call.status = 204 if name in kept else 201
    blank: Row = {"visibility": "selected", "created_at": now, "repos": []}
    kept[name] = blank | kept.get(name, {}) | call.take() | {"updated_at": now}


def kept_secret(call: Call) -> Row:
    kept, name = call.org("owner")["secrets"], call.path["secret_name"].upper()
    if name not in kept:
        raise Problem(404)
    row: Row = kept[name]
    return row


@op(
    f"DELETE {ORG_SECRET}", "actions/delete-org-secret", "Delete an organization secret", status=204
)
def delete_secret(call: Call) -> None:
    kept_secret(call)
    del call.org("owner")["secrets"][call.path["secret_name"].upper()]


@op(
    f"GET {ORG_SECRET}/repositories",
    "actions/list-selected-repos-for-org-secret",
    "List selected repositories for an organization secret",
    gives="[Repository]",
)
def list_selected(call: Call) -> list[Row]:
    repos = call.at.tables["repos"]
    return [
        shown(call, repos[key]) for key in call.page(kept_secret(call)["repos"]) if key in repos
    ]


@op(
    f"PUT {ORG_SECRET}/repositories",
    "actions/set-selected-repos-for-org-secret",
    "Set selected repositories for an organization secret",
    takes="SecretRepositoriesOption",
    status=204,
)
def select(call: Call) -> None:
    row, ids = kept_secret(call), call.take()["selected_repository_ids"]
    for key in ids:
        repo = call.at.tables["repos"].get(key)
        foreign = repo is not None and repo["owner"] != call.path["org"].lower()
        if repo is None or (foreign and not call.flawed("secret-repositories")):
            raise invalid("OrgSecret", "selected_repository_ids")
    row["repos"] = list(dict.fromkeys(ids))


def archived(call: Call, repo: Row) -> Row:
    """What is kept of a repository, as it is now."""
    issues = call.at.rows("issues", repo=repo["id"])
    titles = [row["title"] for row in issues]
    return {"full_name": full(repo), "files": list(repo["files"]), "issues": titles}


def migration(row: Row) -> Row:
    return picked(row, "id state repositories created_at")


@op(f"GET {MIGRATIONS}", "migrations/list-for-org", "List migrations", gives="[Migration]")
def list_migrations(call: Call) -> list[Row]:
    rows = call.at.rows("migrations", org=call.org("owner")["login"])
    return [migration(row) for row in call.page(rows)]


@op(
    f"POST {MIGRATIONS}",
    "migrations/start-for-org",
    "Start an organization migration",
    takes="CreateMigrationOption",
    gives="Migration",
    status=201,
)
def start(call: Call) -> Row:
    org, names, taken = call.org("owner")["login"], call.take()["repositories"], []
    for name in names:
        owner, _, rest = name.rpartition("/")
        repo = call.at.find(owner or org, rest)
        foreign = repo is not None and repo["owner"] != org
        if repo is None or (foreign and not call.flawed("migration-repositories")):
            raise invalid("Migration", "repositories")
        taken.append(archived(call, repo))
    said = {"state": "exported", "repositories": names, "taken": taken}
    return migration(call.at.add("migrations", org=org, **said))


def started(call: Call, *flaws: str) -> Row:
    org, row = call.org("owner"), call.at.tables["migrations"].get(call.number("migration_id"))
    if row is None or (row["org"] != org["login"] and not call.flawed(*flaws)):
        raise Problem(404)
    return row


@op(f"GET {MIGRATION}", "migrations/get-status-for-org", "Get its status", gives="Migration")
def get_migration(call: Call) -> Row:
    return migration(started(call))


@op(
    f"GET {MIGRATION}/archive",
    "migrations/download-archive-for-org",
    "Download an organization migration archive",
    gives="Archive",
)
def archive(call: Call) -> Row:
    return {"repositories": started(call, "migration-archive")["taken"]}
