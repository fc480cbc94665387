"""Can one tenant see, touch or outlive another?"""

from gate.check import Check
from validators.channels import read_by_id, write_by_id

# Reads first, then what changes objects, deletions last.
CHECKS: tuple[Check, ...] = (read_by_id.CHECK, write_by_id.CHECK)
