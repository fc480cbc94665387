"""Each operation's permission: not asked for, or lowered to what everybody holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.permissions import Permission, Role
from tests.mutants.model import Mutant
from tests.mutants.reach import operations
from tests.mutants.source import anchored, source, sources

GUARD = "app/guard.py"
ASKED = "declared.access not in principal().permissions"
LOWEST = "Permission.PROJECTS_READ"


def permissions() -> Iterator[Mutant]:
    """What a role lacks and gets all the same; what all roles hold leaves nobody to refuse."""
    for view, label in sorted(operations().items(), key=lambda each: each[1]):
        permission = permission_of(view)
        if permission is None or permission in Role.VIEWER.permissions:
            continue
        yield Mutant(
            operator="a permission is declared and not asked for",
            place=label,
            edits=anchored(GUARD, ASKED, f"declared.operation != {view!r} and {ASKED}"),
            channels=(10,),
            names=(label,),
            about=(label,),
        )


def permission_of(view: str) -> Permission | None:
    """What a view's declaration asks for, if it is one permission."""
    path, found = declared(view)
    name = re.fullmatch(r"Permission\.(\w+)", found or "")
    return Permission[name[1]] if name and path else None


def declared(view: str) -> tuple[str, str]:
    """The file of a view, and its `access=`, as it is written."""
    for path in paths():
        for function in source(path).functions:
            if function.name == view:
                text = "".join(source(path).segment(each) for each in function.decorator_list)
                found = re.search(r"access=([\w.]+)", text)
                return path, found[1] if found else ""
    return "", ""


def paths() -> list[str]:
    return [each.path for each in sources() if each.path.startswith("app/resources/")]


def lowered() -> Iterator[Mutant]:
    """Deletions that ask, and are declared to ask, for the permission to read."""
    for view, label in sorted(operations().items(), key=lambda each: each[1]):
        permission = permission_of(view)
        if permission is None or not label.startswith("DELETE "):
            continue
        path, access = declared(view)
        text = source(path)
        route = f'"{label}",\n    access={access},'
        if route not in text.text:
            route = f'"{label}", access={access},'
        yield Mutant(
            operator="a deletion's permission is lowered, and declared so",
            place=label,
            edits=anchored(path, route, route.replace(access, LOWEST)),
            channels=(10,),
            names=(label,),
            about=(label,),
        )


def ranks() -> Iterator[Mutant]:
    """Rules that no single permission tells: nobody rises above the own role."""
    cases = {
        "any role may be given": (
            "app/resources/members.py",
            "    if role.rank > principal().role.rank:\n",
            "    if False:\n",
            ("POST /v1/members", "PATCH /v1/members/{member_id}", "POST /v1/api-keys"),
        ),
        "keys for any member": (
            "app/resources/api_keys.py",
            "return principal().role.rank >= Role.ADMIN.rank",
            "return True",
            ("POST /v1/api-keys", "GET /v1/api-keys", "DELETE /v1/api-keys/{key_id}"),
        ),
        "a key gets scopes beyond its maker's": (
            "app/resources/api_keys.py",
            '    if missing:\n        raise forbidden(f"You may not hand out',
            '    if False:\n        raise forbidden(f"You may not hand out',
            ("POST /v1/api-keys",),
        ),
        "every role holds every permission": (
            "app/permissions.py",
            "        return GRANTS[self]\n",
            "        return GRANTS[Role.OWNER]\n",
            ("DELETE /v1/projects/{project_id}", "DELETE /v1/members/{member_id}"),
        ),
        "a key's scopes are ignored": (
            "app/tenancy.py",
            "return granted if self.scopes is None else granted & self.scopes",
            "return granted",
            ("POST /v1/api-keys",),
        ),
    }
    for place, (path, old, new, about) in cases.items():
        yield Mutant(
            operator="a rule of roles is left out",
            place=place,
            edits=anchored(path, old, new),
            channels=(10,),
            names=about,
            about=about,
        )
