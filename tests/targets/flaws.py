"""Which planted flaw must which check find?"""

from __future__ import annotations

from dataclasses import dataclass

READ, WRITE, BODY = "isolation.read-by-id", "isolation.write-by-id", "isolation.body-reference"
LISTS, MASS = "isolation.list-leak", "isolation.mass-assignment"
CREDENTIALS, ROLES = "isolation.credentials", "isolation.roles"


@dataclass(frozen=True, slots=True)
class Planted:
    """A build with one flaw, the check that must find it, and one of the rules it may name."""

    service: str
    flaw: str
    check: str
    rules: tuple[str, ...]


def planted(service: str, check: str, rules: str, *flaws: str) -> tuple[Planted, ...]:
    return tuple(Planted(service, flaw, check, tuple(rules.split())) for flaw in flaws)


FLAWS = (
    *planted("shop", READ, "foreign-read", "read-product", "read-order", "read-line"),
    *planted(
        "shop", READ, "foreign-read", "list-lines", "read-job", "error-product", "error-order"
    ),
    *planted("shop", READ, "existence-oracle", "oracle-product", "oracle-order", "oracle-job"),
    *planted("shop", READ, "existence-oracle", "etag-first"),
    *planted("shop", READ, "anonymous-read", "anonymous-read"),
    *planted("shop", WRITE, "foreign-write", "patch-product", "put-order", "delete-order"),
    *planted("shop", WRITE, "foreign-write", "delete-product", "cancel-order", "add-line"),
    *planted("shop", WRITE, "foreign-write", "conflict-after-write", "missing-after-write"),
    *planted("shop", WRITE, "foreign-write", "delete-line", "delete-key", "foreign-password"),
    *planted("shop", BODY, "foreign-reference", "order-references"),
    *planted("shop", BODY, "foreign-answer", "order-shows-product"),
    *planted("shop", BODY, "foreign-effect", "bulk-all", "bulk-mixed"),
    *planted("shop", LISTS, "foreign-list", "list-products", "list-orders", "search-all"),
    *planted("shop", LISTS, "foreign-list", "cursor-trust"),
    *planted("shop", LISTS, "foreign-count", "count-all", "total-all"),
    *planted("shop", LISTS, "search-oracle", "search-hits"),
    *planted("shop", MASS, "owner-assigned", "assign-tenant", "give-away", "assign-id"),
    *planted("shop", MASS, "field-assigned", "assign-time", "assign-status"),
    *planted("shop", MASS, "rank-assigned", "assign-role"),
    *planted("shop", CREDENTIALS, "forged-access", "anonymous-list", "anonymous-delete"),
    *planted("shop", CREDENTIALS, "forged-access", "forged-token", "revoked-key"),
    *planted("shop", CREDENTIALS, "forged-access", "unsealed-token"),
    *planted("shop", CREDENTIALS, "anonymous-mismatch", "anonymous-stats"),
    *planted("shop", CREDENTIALS, "tenant-confusion", "header-tenant", "header-owner"),
    *planted("shop", CREDENTIALS, "tenant-confusion", "query-tenant"),
    *planted("shop", ROLES, "reader-writes", "viewer-deletes", "viewer-edits"),
    *planted("ledgers", BODY, "foreign-answer", "get-invoice", "get-customer", "refusal-tells"),
    *planted("ledgers", BODY, "foreign-effect", "update-invoice", "delete-invoice"),
    *planted("ledgers", BODY, "foreign-effect", "move-any-invoice"),
    *planted("ledgers", BODY, "foreign-reference", "bill-anybody", "move-to-anybody"),
    *planted("ledgers", BODY, "existence-oracle", "refusal-differs"),
    *planted("ledgers", LISTS, "foreign-list", "list-invoices", "list-customers"),
    *planted("ledgers", LISTS, "foreign-list search-oracle", "search-invoices"),
    *planted("ledgers", LISTS, "foreign-count", "count-invoices"),
    *planted("ledgers", CREDENTIALS, "forged-access", "nobody-reads"),
    *planted("ledgers", MASS, "owner-assigned", "assign-user"),
    *planted("notes", READ, "foreign-read", "read-note", "list-comments", "read-comment"),
    *planted("notes", WRITE, "foreign-write", "write-note", "delete-note", "star-any"),
    *planted("notes", WRITE, "foreign-write", "comment-any", "write-comment"),
    *planted("notes", LISTS, "foreign-list", "search-everybody", "folder-everybody"),
    *planted("notes", BODY, "foreign-reference", "link-any"),
    *planted("notes", MASS, "owner-assigned", "assign-author"),
    *planted("notes", MASS, "field-assigned", "assign-stars"),
    *planted("notes", MASS, "rank-assigned", "assign-level"),
    *planted("notes", CREDENTIALS, "anonymous-mismatch", "open-tags"),
    *planted("stays", READ, "foreign-read", "read-room", "read-booking", "read-file"),
    *planted("stays", READ, "foreign-read", "download-file", "read-contact", "read-note"),
    *planted("stays", READ, "foreign-read existence-oracle", "read-profile"),
    *planted("stays", WRITE, "foreign-write", "patch-room", "delete-room", "cancel-booking"),
    *planted("stays", WRITE, "foreign-write", "replace-file", "delete-file", "put-contact"),
    *planted("stays", BODY, "foreign-reference", "book-any"),
    *planted("stays", LISTS, "foreign-list", "list-rooms", "list-bookings", "list-files"),
    *planted("rowing", READ, "foreign-read", "read-project", "read-task", "read-member"),
    *planted("rowing", WRITE, "foreign-write", "put-project", "patch-project", "delete-project"),
    *planted("rowing", WRITE, "foreign-write", "task-in-foreign", "delete-member"),
    *planted("rowing", LISTS, "foreign-list", "list-owner", "list-archived", "list-sorted"),
    *planted("rowing", LISTS, "foreign-list search-oracle", "tasks-offset", "search-members"),
    *planted("rowing", LISTS, "foreign-count", "figures-of-all"),
    *planted("rowing", BODY, "foreign-reference foreign-effect", "move-task", "bulk-tasks"),
    *planted("rowing", MASS, "owner-assigned", "club-assigned", "owner-patched"),
    *planted("rowing", MASS, "rank-assigned", "own-role"),
    *planted("odd", WRITE, "foreign-write", "content-any", "patch-any"),
    *planted("odd", WRITE, "foreign-answer", "restore-any"),
)
