"""Teams: the members of an organisation that get at its repositories together."""

from __future__ import annotations

from tests.targets.heldout_forge_core import Call, Problem, invalid, op
from tests.targets.heldout_forge_repos import picked, shown
from tests.targets.heldout_forge_schemas import Row
from tests.targets.heldout_forge_target import SEAT, TEAM, TEAM_REPO, TEAMS


def team(row: Row) -> Row:
    return picked(row, "id slug name description permission every")


def slugged(call: Call, org: Row) -> Row:
    rows = call.at.rows("teams", org=org["login"], slug=call.path["team_slug"])
    if not rows:
        raise Problem(404)
    return rows[0]


@op(f"GET {TEAMS}", "teams/list", "List teams", gives="[Team]")
def list_teams(call: Call) -> list[Row]:
    rows = call.at.rows("teams", org=call.org("member")["login"])
    return [team(row) for row in call.page(rows)]


@op(
    f"POST {TEAMS}",
    "teams/create",
    "Create a team",
    takes="CreateTeamOption",
    gives="Team",
    status=201,
)
def create_team(call: Call) -> Row:
    org = call.org("owner")["login"]
    said: Row = {"description": None, "permission": "read", "every": False, **call.take()}
    slug = "-".join(said["name"].lower().split())
    if call.at.rows("teams", org=org, slug=slug):
        raise invalid("Team", "name", "already_exists")
    call.log(org, "team.create", slug)
    return team(call.at.add("teams", org=org, slug=slug, members=[], repos=[], **said))


@op(f"GET {TEAM}", "teams/get-by-name", "Get a team by name", gives="Team")
def get_team(call: Call) -> Row:
    return team(slugged(call, call.org("member")))


@op(
    f"PATCH {TEAM}",
    "teams/update",
    "Update a team",
    takes="EditTeamOption",
    gives="Team",
)
def update_team(call: Call) -> Row:
    row = slugged(call, call.org("owner"))
    row.update(call.take())
    return team(row)


@op(f"DELETE {TEAM}", "teams/delete", "Delete a team", status=204)
def delete_team(call: Call) -> None:
    row = slugged(call, call.org("owner"))
    del call.at.tables["teams"][row["id"]]


@op(f"GET {TEAM}/members", "teams/list-members", "List team members", gives="[User]")
def list_seats(call: Call) -> list[Row]:
    row = slugged(call, call.org("member"))
    people = [call.at.users[login] for login in row["members"]]
    named = "id login full_name created_at"
    url = "https://forge.example/"
    return [picked(each, named) | {"html_url": url + each["login"]} for each in call.page(people)]


@op(f"PUT {SEAT}", "teams/add-member", "Add a team member", status=204)
def seat(call: Call) -> None:
    org, login = call.org("owner"), call.path["username"]
    row = slugged(call, org)
    if login not in org["members"]:
        raise invalid("TeamMember", "username")
    row["members"] = list(dict.fromkeys((*row["members"], login)))


@op(f"DELETE {SEAT}", "teams/remove-member", "Remove a team member", status=204)
def unseat(call: Call) -> None:
    row = slugged(call, call.org("owner"))
    row["members"] = [each for each in row["members"] if each != call.path["username"]]


@op(f"GET {TEAM}/repos", "teams/list-repos", "List team repositories", gives="[Repository]")
def list_team_repos(call: Call) -> list[Row]:
    row = slugged(call, call.org("member"))
    rows = [
        repo
        for repo in call.at.tables["repos"].values()
        if repo["id"] in row["repos"] or (row["every"] and repo["owner"] == row["org"])
    ]
    return [shown(call, repo) for repo in call.page([each for each in rows if call.sees(each)])]


@op(f"PUT {TEAM_REPO}", "teams/add-repo", "Add a repository to a team", status=204)
def add_team_repo(call: Call) -> None:
    org = call.org("owner")
    row, repo = slugged(call, org), call.at.find(call.path["owner"], call.path["repo"])
    foreign = repo is not None and repo["owner"] != org["login"]
    if repo is None or (foreign and not call.flawed("team-repo-foreign")):
        raise Problem(404)
    row["repos"] = list(dict.fromkeys((*row["repos"], repo["id"])))


@op(f"DELETE {TEAM_REPO}", "teams/remove-repo", "Remove a repository from a team", status=204)
def remove_team_repo(call: Call) -> None:
    row, repo = slugged(call, call.org("owner")), call.repo()
    row["repos"] = [each for each in row["repos"] if each != repo["id"]]
