"""What does a run state to supply-chain tools, and about which bytes?

in-toto Statement v1 with the predicates test-result v0.1 and SLSA Verification Summary v1. The
subject is SHA256SUMS, and with it every file of the bundle. Everything in a statement follows
from the verdict, so that it can be recomputed.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from gate.model import Outcome, Verdict

TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
SUMMARY = "https://slsa.dev/verification_summary/v1"
VERIFIER = "urn:maestro:gate"
NOT_VERIFIED = "FAILED"


class Stated(BaseModel):
    """A part of a statement, written with the specification's names."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class Descriptor(Stated):
    """A resource by name and digest (in-toto ResourceDescriptor v1)."""

    name: str
    digest: dict[str, str]


class TestResult(Stated):
    """Which checks passed; what did not run counts as failed."""

    __test__ = False

    result: Literal["PASSED", "WARNED", "FAILED"]
    configuration: tuple[Descriptor, ...]
    passed_tests: tuple[str, ...]
    warned_tests: tuple[str, ...]
    failed_tests: tuple[str, ...]


class Verifier(Stated):
    """Who verified."""

    id: str
    version: dict[str, str]


class PolicyUsed(Stated):
    """The policy by digest."""

    uri: str
    digest: dict[str, str]


class Summary(Stated):
    """May the release go out, under which policy? `verified_levels` name the profile."""

    verifier: Verifier
    time_verified: str
    resource_uri: str
    policy: PolicyUsed
    verification_result: Literal["PASSED", "FAILED"]
    verified_levels: tuple[str, ...]
    slsa_version: str = "1.1"


class Statement(Stated):
    """An in-toto Statement v1."""

    type: Literal["https://in-toto.io/Statement/v1"] = Field(
        default="https://in-toto.io/Statement/v1", alias="_type"
    )
    subject: tuple[Descriptor, ...]
    predicate_type: str
    predicate: TestResult | Summary

    def payload(self) -> bytes:
        """The bytes that are signed."""
        return self.model_dump_json(by_alias=True).encode()


def statements(verdict: Verdict, sums: str, policy: str) -> dict[str, Statement]:
    """Both statements by their file name; `sums` and `policy` are SHA-256 digests of the files."""
    subject = (Descriptor(name="SHA256SUMS", digest={"sha256": sums}),)
    return {
        "test-result.dsse.json": Statement(
            subject=subject, predicate_type=TEST_RESULT, predicate=tested(verdict, policy)
        ),
        "vsa.dsse.json": Statement(
            subject=subject, predicate_type=SUMMARY, predicate=summary(verdict, policy)
        ),
    }


def tested(verdict: Verdict, policy: str) -> TestResult:
    """Per check: passed, does not block, blocks."""
    blocked = {block.check for block in verdict.blocking}
    passed = {
        result.check
        for result in verdict.results
        if result.outcome is Outcome.PASS and result.check not in blocked
    }
    warned = {result.check for result in verdict.results} - passed - blocked
    whole = "WARNED" if warned or verdict.left_out else "PASSED"
    return TestResult(
        result="FAILED" if verdict.blocking else whole,
        configuration=(Descriptor(name="policy.toml", digest={"sha256": policy}),),
        passed_tests=tuple(sorted(passed)),
        warned_tests=tuple(sorted(warned)),
        failed_tests=tuple(sorted(blocked)),
    )


def summary(verdict: Verdict, policy: str) -> Summary:
    """The verdict in one word. A run of a part of the profile verifies nothing as a whole."""
    origin = verdict.provenance
    passed = verdict.outcome is Outcome.PASS and not verdict.left_out
    return Summary(
        verifier=Verifier(id=VERIFIER, version={"maestro": origin.maestro if origin else ""}),
        time_verified=origin.started if origin else "",
        resource_uri=f"urn:maestro:target:{verdict.target.name}@{verdict.target.revision}",
        policy=PolicyUsed(uri="policy.toml", digest={"sha256": policy}),
        verification_result="PASSED" if passed else "FAILED",
        verified_levels=(f"MAESTRO_{verdict.profile.upper()}" if passed else NOT_VERIFIED,),
    )
