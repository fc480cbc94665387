"""Can one tenant see, touch or outlive another?"""

from gate.check import Check
from validators.channels import read_by_id, row_security

CHECKS: tuple[Check, ...] = (read_by_id.CHECK, row_security.CHECK)
