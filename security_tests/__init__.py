"""Is the security posture what the service claims?"""

from gate.check import Check
from security_tests import contract, headers

CHECKS: tuple[Check, ...] = (contract.CHECK, headers.CHECK)
