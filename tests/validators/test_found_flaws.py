"""Flaws of the held-out services that the engine missed once, each in its build; clean builds."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.model import Result
from gate.run import gather, judge
from tests.targets.heldout_measure import measured
from tests.targets.heldout_serving import SERVED, heldout
from validators import CHECKS

BY_ID = {check.id.partition(".")[2]: check for check in CHECKS}
# By check and service. One of each check is looked for in every run, the others with the matrix.
FOUND = {
    (
        "body-reference",
        "atlas",
    ): "issue-project issue-labels move-project entry-issue issue-parent",
    ("body-reference", "books"): "payment-account credit-note-invoice",
    ("body-reference", "campus"): "message-quote",
    (
        "body-reference",
        "deals",
    ): "patch-contact merge-foreign batch-update import-upsert comment-mention",
    (
        "body-reference",
        "depot",
    ): "prices-batch orders-batch order-customer transfer-location",
    ("body-reference", "fleet"): "rule-notify claim-serial device-read rule-device",
    ("body-reference", "forge"): "transfer-foreign secret-repositories",
    ("body-reference", "folio"): "bulk-update bulk-delete labels-merge",
    (
        "body-reference",
        "studio",
    ): "assets-batch-get assets-batch-update assets-batch-delete move-destination clone-source "
    "task-asset asset-source collection-assets share-asset asset-body-name",
    ("credentials", "atlas"): "export-unsigned file-signature",
    ("credentials", "board"): "header-acting",
    ("credentials", "books"): "firm-header pay-by-number",
    ("credentials", "deals"): "download-unsigned",
    ("credentials", "folio"): "download-unsigned",
    ("issued-credentials", "atlas"): "token-undead token-readonly invitation-undead",
    ("issued-credentials", "bazaar"): "otp-shown otp-any",
    ("issued-credentials", "board"): "key-scopes key-outlived link-undead",
    ("issued-credentials", "books"): "logout-cookie key-undead",
    ("issued-credentials", "campus"): "removed-member invitation-reused link-undead",
    ("issued-credentials", "deals"): "removed-user invitation-reused key-readonly",
    ("issued-credentials", "depot"): "client-scope client-undead",
    ("issued-credentials", "fleet"): "key-undead member-undead redeem-again token-undead",
    ("issued-credentials", "folio"): "key-mints-keys key-rolled member-undead",
    ("issued-credentials", "garage"): "password-sessions",
    (
        "issued-credentials",
        "payroll",
    ): "signout-refresh refresh-reuse password-sessions deactivated-token share-undead",
    ("issued-credentials", "studio"): "link-undead sign-out-refresh key-undead",
    ("list-leak", "atlas"): "staff-open users-search",
    ("list-leak", "bazaar"): "transactions-all",
    ("list-leak", "board"): "cursor-foreign",
    ("list-leak", "campus"): "courses-filter catalogue-private notifications-of",
    ("list-leak", "deals"): "contacts-filter skiptoken-foreign search-deals contacts-count",
    (
        "list-leak",
        "depot",
    ): "audit-page category-counts dashboard-cached orders-search customers-total",
    ("list-leak", "fleet"): "members-account lookup-serial alerts-since",
    ("list-leak", "forge"): "audit-cursor",
    ("list-leak", "folio"): "cursor-foreign activity-page articles-total",
    ("list-leak", "payroll"): "employees-by-company",
    ("list-leak", "studio"): "search-all projects-deleted assets-total usage-all audit-page "
    "assets-filter tasks-wildcard",
    ("mass-assignment", "books"): "profile-role accept-role customer-firm invoice-status",
    ("mass-assignment", "campus"): "course-org submission-grade join-role",
    ("mass-assignment", "deals"): "deal-org accept-role",
    ("mass-assignment", "depot"): "me-role company-plan order-status line-price",
    ("mass-assignment", "fleet"): "device-account account-limit redeem-role",
    ("mass-assignment", "folio"): "space-organization",
    ("mass-assignment", "studio"): "project-creator user-email workspace-plan",
    ("mass-assignment", "payroll"): "me-role me-salary employee-company",
    ("read-by-id", "atlas"): "label-expand",
    ("read-by-id", "board"): "members-any search-results",
    ("read-by-id", "deals"): "deal-expand view-read view-results",
    ("read-by-id", "depot"): "product-sku order-read line-elsewhere shipments-list category-expand",
    ("read-by-id", "fleet"): "export-read",
    ("read-by-id", "folio"): "job-read",
    ("read-by-id", "forge"): "repo-read comment-elsewhere",
    ("read-by-id", "garage"): "username-email",
    ("read-by-id", "studio"): "asset-get project-policy-get comment-nested operation-get",
    ("roles", "atlas"): "entries-user",
    ("roles", "campus"): "grade-by-student role-by-teacher",
    ("roles", "deals"): "audit-by-rep export-by-viewer",
    ("roles", "depot"): "invite-by-manager refund-by-clerk prices-by-clerk",
    ("roles", "fleet"): "command-by-observer token-to-observer",
    ("roles", "folio"): "bulk-delete-by-viewer draft-read drafts-all draft-publish",
    ("credentials", "studio"): "header-workspace",
    ("roles", "forge"): "hook-by-writer secret-by-reader merge-by-reader",
    ("roles", "studio"): "approve-by-viewer view-colleague comment-colleague",
    ("roles", "payroll"): "employee-by-manager expense-approve",
    ("side-channels", "atlas"): "project-key",
    ("side-channels", "depot"): "customer-email",
    ("side-channels", "fleet"): "serial-taken",
    ("side-channels", "studio"): "project-id-taken",
    ("side-channels", "folio"): "idempotent-replay space-key-taken",
    ("write-by-id", "atlas"): "note-read",
    ("write-by-id", "bazaar"): "password-set",
    ("write-by-id", "board"): "comment-add",
    ("write-by-id", "campus"): "favourites-all etag-first notification-read",
    ("write-by-id", "deals"): "undo-any notification-read",
    ("write-by-id", "depot"): "line-delete customer-patch product-put order-cancel",
    ("write-by-id", "studio"): "etag-first link-nested asset-undelete asset-delete project-archive",
    ("write-by-id", "fleet"): "command-cancel",
}
# These too, for each has a cause of its own.
ALSO = {
    "me-role",
    "signout-refresh",
    "device-account",
    "redeem-role",
    "invitation-reused",
    "notifications-of",
    "merge-foreign",
    "import-upsert",
    "claim-serial",
    "patch-contact",
    "alerts-since",
    "lookup-serial",
    "member-undead",
    "key-mints-keys",
    "token-readonly",
    "invitation-undead",
}
# Half a minute each, on the largest of the services, or where each object has a long path.
SLOW = {("mass-assignment", "depot"), ("roles", "depot"), ("write-by-id", "studio"),
        ("mass-assignment", "studio"), ("read-by-id", "forge"), ("roles", "forge")}  # fmt: skip
LAST = {check: service for check, service in FOUND}  # noqa: C416
CASES = [
    pytest.param(
        *(check, service, flaw),
        marks=pytest.mark.matrix
        if (check, service) in SLOW or not (flaw in ALSO or (LAST[check], at) == (service, 0))
        else (),
    )
    for (check, service), flaws in FOUND.items()
    for at, flaw in enumerate(flaws.split())
]


@pytest.fixture(autouse=True)
def no_long_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of these services takes time to end a credential."""
    monkeypatch.setattr("validators.credentials.lasting.GRACE", 0.5)


def looked(check: str, service: str, flaw: str, folder: Path) -> Result:
    with heldout(service, flaw, folder) as testbed:
        return judge(BY_ID[check], gather(BY_ID[check], testbed, lambda _: None))


@pytest.mark.parametrize(("check", "service", "flaw"), CASES)
def test_a_flaw_is_found_and_nothing_else(
    check: str, service: str, flaw: str, tmp_path: Path
) -> None:
    result = looked(check, service, flaw, tmp_path)
    assert not result.failures
    assert {each.subject for each in result.findings} == {SERVED[service].FLAWS[flaw].operation}


# Without hints it is only in words that the document calls these profiles public.
IN_WORDS = {("campus", "GET /users/{userId}")}


@pytest.mark.matrix
@pytest.mark.parametrize("hints", [True, False])
@pytest.mark.parametrize("service", SERVED)
def test_a_clean_build_has_no_finding_under_any_check(service: str, hints: bool) -> None:
    row = measured(service, "", hints)
    found = {(service, subject) for _, _, subject in row["findings"]}
    assert not row["failures"]
    assert found <= (set() if hints else IN_WORDS)
