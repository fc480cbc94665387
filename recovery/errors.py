"""Why can a database not be backed up or brought back?"""

from __future__ import annotations


class RecoveryError(Exception):
    """A backup, archive or restore that must not be relied on; the message says what to do."""
