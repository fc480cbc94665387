"""Can one tenant see, touch or outlive another?"""

from gate.check import Check
from validators.channels import (
    body_reference,
    credentials,
    list_leak,
    mass_assignment,
    read_by_id,
    roles,
    row_security,
    write_by_id,
)

# Reads first, then what changes objects, deletions last.
CHECKS: tuple[Check, ...] = (
    read_by_id.CHECK,
    row_security.CHECK,
    list_leak.CHECK,
    credentials.CHECK,
    body_reference.CHECK,
    roles.CHECK,
    mass_assignment.CHECK,
    write_by_id.CHECK,
)
