"""What reserves an operation in a document's prose, and what only mentions a role."""

from __future__ import annotations

import pytest

from validators.document.expressions import hierarchy_in
from validators.document.operations import Operation, list_operations
from validators.document.reservations import (
    MARKED,
    SAID,
    act_of,
    collection_of,
    reservations,
    standing,
)

SAYING = {
    "For admins": "admin",
    "Admins only": "admin",
    "Owners only": "owner",
    "Delete a project. Admins only.": "admin",
    "Delete a project, admins only": "admin",
    "Delete a project (admins only)": "admin",
    "Export the project to CSV (Admin only)": "admin",
    "Admin only endpoint": "admin",
    "Admin-only": "admin",
    "Only administrators may call this endpoint": "admin",
    "Only admins can delete projects": "admin",
    "Only users with admin\npermissions can delete projects": "admin",
    "This route is only accessible to users with the admin role": "admin",
    "This operation is reserved for administrators.": "admin",
    "Restricted to administrators": "admin",
    "Available only to team admins": "team admin",
    "For admins of the organization": "organization admin",
    "Only the account owner can do this": "account owner",
    "Reserved for managers.": "manager",
    "Requires the manager role": "manager",
    "Requires admin": "admin",
    "Requires admin privileges (by middleware).": "admin",
    "Requires ADMIN or MANAGER role": "admin or manager",
    "Roles: admin, manager": "admin or manager",
    "Admin access required": "admin",
    "The caller must have the owner role": "owner",
    "You must be a super admin": "admin",
    "Only available to **staff**": "staff",
    "(the patient alone)": "patient",
    "##### Permissions\nMust have `manage_team` permission.\n": "permission manage_team",
}
EXPRESSIONS = {
    "hasRole('MANAGER')": "manager",
    "Lists all of them. Requires hasRole('OWNER').": "owner",
    "hasAnyRole('ADMIN', 'STOCK_CLERK')": "admin or stock_clerk",
    "hasAuthority('ROLE_ADMIN')": "admin",
    "hasAuthority('ADMIN')": "admin",
    "hasAuthority('orders:write')": "permission orders:write",
    "@PreAuthorize(\"hasRole('ADMIN') or hasRole('MANAGER')\")": "admin or manager",
    "<b>Access:</b> hasRole('ADMIN')<br/>Makes one": "admin",
    "hasRole('ADMIN') and @guard.isOpen(#id)": "admin",
    '@RolesAllowed({"ADMIN", "MANAGER"})': "admin or manager",
    '[Authorize(Roles = "Admin,Manager")]': "admin or manager",
}
# They say who else may, who may not, or what becomes of it.
OTHER_EXPRESSIONS = (
    "hasRole('ADMIN') or #id == principal.id",
    "hasRole('ADMIN') or hasAuthority('orders:write')",
    "hasRole('ADMIN') and (hasRole('A') or #mine)",
    "If hasRole('ADMIN'), all companies are shown",
    "!hasRole(GUEST)",
    "not hasRole(GUEST)",
    "hasRole('USER')",
    "isAuthenticated()",
)
MENTIONING = (
    "Notify the admin",
    "Create an admin note",
    "Assign a manager",
    "The administrator of the house",
    "Report for managers",
    "Message for admins only",
    "Create a note, visible to admins",
    "Escalate to managers only",
    "Sends the admins only a summary",
    "Not only admins",
    "If you are admin, deletes all",
    "Archived ones for admins only",
    "Lists projects, archived ones for admins only",
    "Only admins can see the email field",
    "Only admins can change the role",
    "Only admins can delete archived projects",
    "Only admins can delete other projects",
    "Only admins can call this when archived",
    "Limited to admins",
    "Available to admins and members",
    "For authenticated users only",
    "Members only",
    "Read only",
    "By invitation only",
    "Returns metadata only",
    "Requires an owner",
    "Owner required",
    "Requires manager approval",
    "Requires admin role or trust score >= 20",
    "Only admins of this\ngroup or users with admin-level\npermissions can make this request",
    "Admins",
)
REFUSALS = {
    "not an admin": "admin",
    "If the user is not the owner": "owner",
    "Missing the admin role": "admin",
    "Forbidden. You do not have the admin role": "admin",
    "Only administrators may delete a project.": "admin",
    "Insufficient permissions. Admin role required": "admin",
    "not an admin, or the plan does not include it": "",
    "You don't have permission": "",
    "not signed in": "",
    "forbidden": "",
}


def operation(path: str = "/projects/{id}", method: str = "DELETE", **prose: str) -> Operation:
    said = {name.replace("_", " "): text for name, text in prose.items()}
    return Operation(method=method, path=path, prose=said)


def said_of(each: Operation) -> list[str]:
    return [found.key for found in reservations(each) if found.how == SAID]


@pytest.mark.parametrize(("text", "key"), EXPRESSIONS.items(), ids=repr)
def test_an_expression_of_a_framework_says_who_may(text: str, key: str) -> None:
    found = reservations(operation(description=text))
    assert [(each.key, each.how) for each in found] == [(key, SAID)]


@pytest.mark.parametrize("text", OTHER_EXPRESSIONS, ids=repr)
def test_an_expression_that_says_more_reserves_nothing(text: str) -> None:
    assert reservations(operation(description=text)) == ()


def test_a_role_in_an_expression_is_one_whatever_it_is_called() -> None:
    (found,) = reservations(operation(description="hasRole('OWNER')"))
    assert found.exact
    (member,) = reservations(operation(description="hasRole('MEMBER')"), ("guest", "member"))
    assert (member.roles, member.known) == (("member",), True)


def test_the_order_of_roles_is_read_where_all_of_them_stand_in_it() -> None:
    said = "Role hierarchy: ROLE_OWNER > ROLE_MANAGER > ROLE_CLERK. The rest is elsewhere."
    assert hierarchy_in(said, ("owner", "clerk")) == ("clerk", "owner")
    assert not hierarchy_in(said, ("auditor", "clerk", "owner"))
    assert not hierarchy_in("a > b", ("clerk",))


@pytest.mark.parametrize(("text", "key"), SAYING.items(), ids=repr)
@pytest.mark.parametrize("place", ["summary", "description"])
def test_words_that_exclude_all_others_reserve_an_operation(
    text: str, key: str, place: str
) -> None:
    assert said_of(operation(**{place: text})) == [key]


@pytest.mark.parametrize("text", MENTIONING, ids=repr)
@pytest.mark.parametrize("place", ["summary", "description"])
def test_a_role_that_is_only_mentioned_reserves_nothing(text: str, place: str) -> None:
    assert not said_of(operation(**{place: text}))


@pytest.mark.parametrize(("text", "key"), REFUSALS.items(), ids=repr)
def test_the_description_of_a_refusal_says_who_is_refused(text: str, key: str) -> None:
    assert said_of(operation(answer_403=text)) == ([key] if key else [])


def test_what_only_admins_may_do_is_named_as_the_document_names_the_operation() -> None:
    text = "Only admins can retrieve all quiz marks."
    assert said_of(operation("/marks", "GET", summary="Get quiz marks", description=text))
    assert not said_of(operation("/marks", "GET", summary="Get quizzes", description=text))


@pytest.mark.parametrize(
    ("each", "key"),
    [
        (operation("/v1/admin/users"), "path /v1/admin"),
        (operation("/x", tags="Admin"), "tag Admin"),
        (operation("/x", operationId="adminDeleteUser"), "operationId admin"),
        (operation("/x", scopes="admin:users"), "scope admin:users"),
        (operation("/x", summary="Record a finding (admin)"), "admin"),
        (operation("/x", summary="[Admin] Record a finding"), "admin"),
        (operation("/x", summary="Admin: record a finding"), "admin"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mark_is_weaker_than_a_sentence(each: Operation, key: str) -> None:
    assert [(found.key, found.how) for found in reservations(each)] == [(key, MARKED)]


@pytest.mark.parametrize("path", ["/admins/{id}", "/staff/{id}", "/admin", "/administrate/x"])
def test_a_collection_of_admins_is_no_mark(path: str) -> None:
    assert not reservations(operation(path))


def test_the_names_of_the_targets_roles_are_roles() -> None:
    each = operation(summary="For pickers")
    assert not reservations(each)
    assert [found.roles for found in reservations(each, ["picker", "owner"])] == [("picker",)]


def test_a_role_has_its_standard_names() -> None:
    assert "admin" in standing("org_administrator")
    assert standing("pickers") == {"picker"}


def test_prose_is_read_out_of_the_document() -> None:
    (each,) = list_operations(
        {
            "paths": {
                "/runs": {
                    "post": {
                        "tags": ["Admin"],
                        "operationId": "adminMakeRun",
                        "responses": {"403": {"$ref": "#/components/responses/no"}},
                        "security": [{"oauth": ["admin"]}],
                        "x-permissions": ["runs:write", "runs:read"],
                    }
                }
            },
            "components": {"responses": {"no": {"description": "Not an admin"}}},
        }
    )
    keys = {found.key for found in reservations(each)}
    assert keys == {
        "admin",
        "permission runs:write and runs:read",
        "tag Admin",
        "operationId admin",
        "scope admin",
    }


@pytest.mark.parametrize(
    ("method", "path", "act", "collection"),
    [
        ("GET", "/v1/users", "read", "v1/user"),
        ("POST", "/v1/users", "make", "v1/user"),
        ("PATCH", "/v1/users/{id}", "change", "v1/user"),
        ("DELETE", "/v1/users/{id}", "end", "v1/user"),
        ("POST", "/v1/users/{id}/archive", "end", "v1/user"),
        ("POST", "/v1/users/{id}:finish", "step", "v1/user"),
        ("POST", "/v1/users/{id}/notes", "make", "v1/users/{id}/note"),
        ("POST", "/api/invoice.void", "end", "api/invoice"),
        ("POST", "/api/invoice.update", "change", "api/invoice"),
        ("POST", "/api/invoice.create", "make", "api/invoice"),
    ],
)
def test_operations_on_the_same_objects_are_weighed(
    method: str, path: str, act: str, collection: str
) -> None:
    each = operation(path, method)
    assert (act_of(each), collection_of(each)) == (act, collection)
