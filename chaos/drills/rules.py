"""What must never be true of a restore, how bad is it, and what helps?"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.rules import Rule
from gate.model import Severity

RULES: Mapping[str, Rule] = {
    "digest-differs": Rule(
        title="The restored database is not what it was at the target",
        promise="Every table is what it was at the target",
        severity=Severity.CRITICAL,
        remedy="Compare the table's rows before and after; look for unlogged tables and gaps.",
    ),
    "tenant-missing": Rule(
        title="A tenant's rows are gone after the restore",
        promise="Every tenant's rows are there",
        severity=Severity.CRITICAL,
        remedy="Do not open the restored database; restore another backup beside it and compare.",
    ),
    "guard-differs": Rule(
        title="What keeps the tenants apart is not what it was at the target",
        promise="Policies, roles and grants are what they were",
        severity=Severity.CRITICAL,
        remedy="Do not open the restored database; run the migrations and isolation.row-security.",
        cwe=732,
        asvs="V8.4.1",
    ),
    "sees-others": Rule(
        title="A tenant does not see exactly its own rows after the restore",
        promise="Each tenant sees its own rows and no others",
        severity=Severity.CRITICAL,
        remedy="Do not open the restored database; compare its policies and the service's role.",
        cwe=639,
        asvs="V8.4.1",
    ),
    "acknowledged-lost": Rule(
        title="A write acknowledged before the target is gone after the restore",
        promise="Acknowledged writes stay",
        severity=Severity.CRITICAL,
        remedy="Answer 2xx only after the commit; archive the log synchronously.",
    ),
    "later-present": Rule(
        title="A write made after the target is there after the restore",
        promise="Nothing from after the target is there",
        severity=Severity.HIGH,
        remedy="Set recovery_target_lsn and recovery_target_inclusive = off; never restore to the "
        "latest.",
    ),
    "backup-flawed": Rule(
        title="The backup, or its log, does not pass its verification",
        promise="Backup and log pass their verification",
        severity=Severity.HIGH,
        remedy="Take a new backup now; find out what changed the files.",
    ),
    "tampered-accepted": Rule(
        title="The verification accepts a backup in which one byte was changed",
        promise="A changed backup is refused",
        severity=Severity.HIGH,
        remedy="Verify the size and checksum of every file against the manifest.",
        cwe=354,
    ),
    "not-restorable": Rule(
        title="The database cannot be brought back",
        promise="The database can be brought back",
        severity=Severity.CRITICAL,
        remedy="Read the reason and the server's log; until a drill passes there is no backup.",
    ),
    "service-silent": Rule(
        title="The service does not work on the restored database",
        promise="The service works on the restored database",
        severity=Severity.HIGH,
        remedy="Drop broken connections from the pool; check roles and grants after the restore.",
    ),
}
