"""The source host's tables, who asks with which token, who may do what to a repository.

From outside it is like GitHub's and Gitea's: names in paths, numbers that count per repository,
404 for what one may not see, 403 for what one may only read, 422 with `errors`, `Link` headers.
"""

from __future__ import annotations

import json
import re
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import urlencode

from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Request

from tests.targets.heldout_forge_schemas import Row, problems
from tests.targets.heldout_forge_target import FLAWS, ORGS, PEOPLE

PERMISSIONS = ("none", "read", "write", "admin")
READ, WRITE, ADMIN = 1, 2, 3
DEFAULT_LABELS = (("bug", "d73a4a"), ("enhancement", "a2eeef"), ("question", "d876e3"))
SCOPES = tuple(
    f"{right}:{part}"
    for part in ("repository", "issue", "organization", "user", "notification")
    for right in ("read", "write")
)


class Problem(Exception):  # noqa: N818 - what is said about it
    """Something to answer with an error body."""

    def __init__(self, status: int, message: str = "", errors: list[Row] | None = None) -> None:
        super().__init__(message or {404: "Not Found", 403: "Forbidden"}.get(status, ""))
        self.status, self.errors = status, errors


def invalid(resource: str, name: str, code: str = "invalid") -> Problem:
    said = [{"resource": resource, "field": name, "code": code}]
    return Problem(422, "Validation Failed", said)


class Store:
    """All tables of one build, and the flaw that it has."""

    def __init__(self, flaw: str = "") -> None:
        if flaw and flaw not in FLAWS:
            raise ValueError(flaw)
        self.flaw = flaw or "none"
        self.seconds = 1_767_225_600
        self.tables: defaultdict[str, dict[int, Row]] = defaultdict(dict)
        self.serials: defaultdict[str, count[int]] = defaultdict(lambda: count(1))
        self.users: dict[str, Row] = {}
        self.orgs: dict[str, Row] = {}
        self.tokens: dict[str, Row] = {}  # by what is sent
        self.signatures: dict[str, int] = {}  # of artifacts
        for login, token, _ in PEOPLE:
            said = {"email": f"{login}@mail.example", "full_name": login.capitalize()}
            user = self.add("users", login=login, site_admin=False, bio=None, **said)
            self.users[login] = user
            user.update(starred=[], memberships={})
            self.tokens[token] = self.add(
                "tokens", user=login, name="automation", scopes=["all"], last=token[-8:]
            )
        for login, name, plan, repos in ORGS:
            self.found(login, name, plan, repos)

    def found(self, login: str, name: str, plan: str, repos: Iterable[str]) -> None:
        """An organisation with its people in teams, a private repository and a public one."""
        org = self.add("orgs", login=login, name=name, plan=plan, description=None)
        org.update(location=None, members={}, secrets={})
        self.orgs[login] = org
        said: Row = {"org": login, "every": True, "repos": [], "description": None}
        teams = {
            role: self.add("teams", slug=slug, name=slug.capitalize(), permission=right, **said)
            for role, slug, right in (
                ("writer", "developers", "write"),
                ("reader", "observers", "read"),
            )
        }
        for team in teams.values():
            team["members"] = []
        for person, _, roles in PEOPLE:
            if login in roles:
                role = roles[login]
                org["members"][person] = {
                    "role": "owner" if role == "owner" else "member",
                    "public": role == "owner",
                }
                if role in teams:
                    teams[role]["members"].append(person)
        owner = next(iter(org["members"]))
        for at, repo in enumerate(repos):
            self.repository(login, repo, owner, private=not at)

    def now(self) -> str:
        """A second later each time, so that runs are alike."""
        self.seconds += 1
        return datetime.fromtimestamp(self.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def add(self, table: str, **values: Any) -> Row:
        key, now = next(self.serials[table]), self.now()
        self.tables[table][key] = {"id": key, "created_at": now, "updated_at": now} | values
        return self.tables[table][key]

    def rows(self, table: str, **having: Any) -> list[Row]:
        rows = list(self.tables[table].values())
        return [row for row in rows if all(row[name] == of for name, of in having.items())]

    def repository(self, owner: str, name: str, by: str, *, private: bool, **more: Any) -> Row:
        said: Row = {"description": None, "fork": False, "parent": None, "archived": False}
        made = self.add("repos", owner=owner, name=name, private=private, **(said | more))
        made.update(collaborators={}, watchers=[by], secrets={}, numbers=count(1))
        made.setdefault("files", {"README.md": f"# {name}"})
        made["milestone_numbers"] = count(1)
        for label, color in DEFAULT_LABELS:
            self.add("labels", repo=made["id"], name=label, color=color, description="")
        return made

    def find(self, owner: str, name: str) -> Row | None:
        for row in self.tables["repos"].values():
            if (row["owner"].lower(), row["name"].lower()) == (owner.lower(), name.lower()):
                return row
        return None

    def right(self, login: str, repo: Row) -> int:
        """What somebody may do to a repository."""
        rights = [READ if not repo["private"] else 0]
        if login in self.users:
            rights.append(PERMISSIONS.index(repo["collaborators"].get(login, "none")))
            rights.append(ADMIN if repo["owner"] == login else 0)
        org = self.orgs.get(repo["owner"])
        if org and org["members"].get(login, {}).get("role") == "owner":
            return ADMIN
        for team in self.tables["teams"].values():
            ours = team["every"] and team["org"] == repo["owner"]
            if login in team["members"] and (ours or repo["id"] in team["repos"]):
                rights.append(PERMISSIONS.index(team["permission"]))
        return max(rights)


class Operation(NamedTuple):
    """What is served, and what the document says about it."""

    method: str
    path: str
    name: str
    summary: str
    does: Callable[[Call], Any]
    takes: str = ""
    gives: str = ""
    asks: str = ""
    status: int = 200
    open: bool = False


@dataclass
class Call:
    """A request: who asks, with which token, for what."""

    at: Store
    request: Request
    operation: Operation
    path: dict[str, str]
    login: str = ""
    token: Row = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def flawed(self, *flaws: str) -> bool:
        return self.at.flaw in flaws

    @property
    def me(self) -> Row:
        return self.at.users[self.login]

    def asked(self, name: str, default: str = "") -> str:
        return str(self.request.args.get(name, default))

    def json(self) -> Row:
        try:
            said = json.loads(self.request.get_data() or b"{}")
            json.dumps(said, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise Problem(400, "Problems parsing JSON") from None
        if not isinstance(said, dict):
            raise Problem(400, "Body should be a JSON object")
        return said

    def take(self) -> Row:
        """The fields of the body that the operation's schema has; 422 when they do not fit."""
        said = self.json()
        known, errors = problems(self.operation.takes, said)
        if errors:
            raise Problem(422, "Validation Failed", errors)
        return known

    def number(self, name: str) -> int:
        said = self.path[name]
        if not re.fullmatch(r"[0-9]{1,18}", said):
            raise Problem(404)
        return int(said)

    def sees(self, repo: Row) -> bool:
        return self.at.right(self.login, repo) >= READ

    def repo(self, need: int = READ, *flaws: str) -> Row:
        """The path's repository: 404 if it cannot be seen, 403 if it can only be seen."""
        row = self.at.find(self.path["owner"], self.path["repo"])
        if row is None:
            raise Problem(404)
        right = self.at.right(self.login, row)
        if self.flawed(*flaws):
            return row
        if right < READ:
            raise Problem(404)
        if right < need:
            raise Problem(403, f"Must have {PERMISSIONS[need]} rights to Repository.")
        return row

    def may(self, repo: Row, need: int) -> bool:
        return self.at.right(self.login, repo) >= need

    def of(self, repo: Row, table: str, name: str, *flaws: str) -> Row:
        """The repository's row of the global id that the path names."""
        row = self.at.tables[table].get(self.number(name))
        if row is None or (row["repo"] != repo["id"] and not self.flawed(*flaws)):
            raise Problem(404)
        return row

    def numbered(self, repo: Row, table: str = "issues") -> Row:
        found = self.at.rows(table, repo=repo["id"], number=self.number("number"))
        if not found:
            raise Problem(404)
        return found[0]

    def org(self, need: str = "") -> Row:
        """The path's organisation: 404 for strangers where one has to be a member."""
        row = self.at.orgs.get(self.path["org"].lower())
        if row is None:
            raise Problem(404)
        role = row["members"].get(self.login, {}).get("role")
        if need and role is None:
            raise Problem(404)
        if need == "owner" and role != "owner":
            raise Problem(403, "Must be an owner of the organization.")
        return row

    def belongs(self, org: str) -> bool:
        return org in self.at.orgs and self.login in self.at.orgs[org]["members"]

    def user(self, login: str, resource: str = "") -> Row:
        row = self.at.users.get(login.lower())
        if row is None:
            raise invalid(resource, "username") if resource else Problem(404)
        return row

    def page(self, rows: list[Any]) -> list[Any]:
        """The part of the rows that was asked for, with `Link` to the others."""
        size = min(max(self.whole("per_page", 30), 1), 100)
        page = max(self.whole("page", 1), 1)
        last = max(-(-len(rows) // size), 1)
        links = []
        given = self.request.args.to_dict() | {"per_page": str(size)}
        for name, to in (("prev", page - 1), ("next", page + 1), ("last", last), ("first", 1)):
            forward = name in ("next", "last") and page < last
            backward = name in ("prev", "first") and page > 1
            if forward or backward:
                said = urlencode(given | {"page": str(to)})
                links.append(f'<{iri_to_uri(self.request.base_url)}?{said}>; rel="{name}"')
        if links:
            self.headers["Link"] = ", ".join(links)
        self.headers["X-Total-Count"] = str(len(rows))
        return rows[(page - 1) * size : page * size]

    def whole(self, name: str, default: int) -> int:
        said = self.asked(name)
        return int(said) if re.fullmatch(r"[0-9]{1,9}", said) else default

    def log(self, org: str, action: str, about: str) -> None:
        if org in self.at.orgs:
            self.at.add("audit", org=org, action=action, actor=self.login, about=about)

    def notify(self, repo: Row, subject: str, reason: str, *more: str) -> None:
        """Whoever watches is told, except for who has done it."""
        for login in dict.fromkeys((*repo["watchers"], *more)):
            if login != self.login and self.at.right(login, repo) >= READ:
                said = {"repo": repo["id"], "subject": subject, "reason": reason}
                self.at.add("threads", user=login, unread=True, **said)


OPERATIONS: list[Operation] = []


def op(
    route: str,
    name: str,
    summary: str,
    **more: Any,
) -> Callable[[Callable[[Call], Any]], Callable[[Call], Any]]:
    method, _, path = route.partition(" ")

    def served(does: Callable[[Call], Any]) -> Callable[[Call], Any]:
        OPERATIONS.append(Operation(method, path, name, summary, does, **more))
        return does

    return served


def new_token() -> str:
    return secrets.token_hex(20)
