"""What can go wrong in using Maestro, and what should the user do next?

Only misuse and broken surroundings raise; a defect of the target is always a finding.
"""

from __future__ import annotations


class GateError(Exception):
    """The root: `str(error)` is one clear sentence, `advice()` the next step."""

    exit_code = 70

    def advice(self) -> str:
        """What to do next."""
        return "This is a defect of Maestro; please report it with the lines above."


class UsageError(GateError):
    """The command, a file it names or the policy is wrong."""

    exit_code = 64

    def advice(self) -> str:
        """What to do next."""
        return "`maestro --help` shows what there is."


class SetupError(GateError):
    """The target could not be reached, or its parts could not be started: nothing was judged."""

    exit_code = 11

    def advice(self) -> str:
        """What to do next."""
        return "Nothing was judged. Start the target or correct its address, then run again."


class IntegrityError(GateError):
    """The evidence is not what the run left behind."""

    exit_code = 12

    def advice(self) -> str:
        """What to do next."""
        return "Do not rely on this evidence; fetch the original or run the gate again."
