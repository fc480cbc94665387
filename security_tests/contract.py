"""Does the service answer as its OpenAPI document says, whatever it is sent?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gate.check import Check, Control, Lie
from gate.exhibits import Exchange
from gate.model import Doubt, Evidence, Finding, Json, Observation, Severity
from security_tests.fuzz import probe

ID = "contract.fuzz"
LEAST_CASES = 3
REFUSED = {"401", "429"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What the failure of one of Schemathesis' checks means."""

    title: str
    remedy: str
    severity: Severity = Severity.MEDIUM
    cwe: int | None = None
    owasp_api: str | None = None
    cvss: str | None = None


WEIGHTS = {
    "not_a_server_error": Weight(
        title="A request makes the service fail",
        remedy="Validate the input that does it, and answer with a documented 4xx.",
        severity=Severity.HIGH,
        cwe=755,
        owasp_api="API8:2023",
        cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N",
    ),
    "status_code_conformance": Weight(
        title="The service answers with a status that the document does not mention",
        remedy="Document the status, or do not send it.",
        cwe=394,
        owasp_api="API9:2023",
    ),
    "content_type_conformance": Weight(
        title="The service answers with a media type that the document does not mention",
        remedy="Send the documented media type, on errors too.",
        cwe=436,
        owasp_api="API9:2023",
    ),
    "response_headers_conformance": Weight(
        title="A documented response header is missing or malformed",
        remedy="Send the header as documented.",
        owasp_api="API9:2023",
    ),
    "response_schema_conformance": Weight(
        title="An answer does not match its documented schema",
        remedy="Send exactly the documented properties: one too many may be one too many told.",
        cwe=213,
        owasp_api="API3:2023",
        cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
    ),
    "negative_data_rejection": Weight(
        title="The service accepts input that its schema forbids",
        remedy="Refuse it with 4xx, or widen the schema.",
        cwe=20,
        cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N",
    ),
    "positive_data_acceptance": Weight(
        title="The service refuses input that its schema allows",
        remedy="Accept it, or narrow the schema to what is accepted.",
        cwe=20,
    ),
    "missing_required_header": Weight(
        title="A request without a required header is accepted",
        remedy="Refuse the request with 4xx.",
        cwe=20,
        cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N",
    ),
    "unsupported_method": Weight(
        title="A method that is not documented is not refused with 405",
        remedy="Answer 405 with Allow (RFC 9110, section 15.5.6).",
        cwe=749,
        owasp_api="API9:2023",
    ),
    "allow_header_conformance": Weight(
        title="Allow does not name the documented methods",
        remedy="Make Allow and the document agree.",
        owasp_api="API9:2023",
    ),
    "use_after_free": Weight(
        title="A deleted object can still be used",
        remedy="Answer 404 or 410 for a deleted object.",
        cwe=672,
        cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N",
    ),
    "ensure_resource_availability": Weight(
        title="An object that was just created cannot be found",
        remedy="Make a created object readable before its creation is acknowledged.",
    ),
    "ignored_auth": Weight(
        title="A secured operation answers without a valid credential",
        remedy="Refuse it with 401, or declare it public in the document.",
        severity=Severity.HIGH,
        cwe=306,
        owasp_api="API2:2023",
        cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    ),
    "object_level_authorization": Weight(
        title="Another identity reads the object",
        remedy="Look the object up by owner and id together.",
        severity=Severity.CRITICAL,
        cwe=639,
        owasp_api="API1:2023",
        cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
    ),
}
OTHER = Weight(
    title="A check of the contract failed",
    remedy="Make the service and its document agree.",
)


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Doubt]:
    """Every check of Schemathesis that failed on an operation is one finding.

    Server errors and ignored credentials are HIGH, the rest MEDIUM. An operation of the document
    with fewer than three cases, or where each was answered 401 or 429, was not tested: a doubt. So
    is an error of the fuzzer, and a principal that is no longer let in at the end.
    """
    for index, each in enumerate(seen):
        if each.kind == "failure":
            yield report(index, each)
        elif each.kind == "operation":
            yield from doubt_operation(each)
        elif each.kind == "trouble":
            yield Doubt(subject=each.subject, reason=f"the fuzzer: {each.data.get('message')}")
        elif each.kind == "principal" and each.data.get("status") == 401:  # noqa: PLR2004
            yield Doubt(subject=each.subject, reason="the fuzzer lost its own access on the way")


def report(index: int, failure: Observation) -> Finding:
    """One failed check on one operation."""
    data = failure.data
    check = str(data["check"])
    weight = WEIGHTS.get(check, OTHER)
    said = " ".join(str(data.get("message", "")).split())
    return Finding(
        check=ID,
        rule=check,
        subject=failure.subject,
        title=weight.title,
        severity=weight.severity,
        detail=f"{data.get('type')} in {data.get('count')} cases. {said}".strip(),
        remedy=weight.remedy,
        evidence=(
            Evidence(
                summary=f"answered {data.get('status')}: {str(data.get('answer', ''))[:300]}",
                reproduce=str(data.get("curl", "")),
                observation=index,
                exchange=exchange(data),
            ),
        ),
        cwe=weight.cwe,
        owasp_api=weight.owasp_api,
        cvss=weight.cvss,
    )


def exchange(data: Mapping[str, Json]) -> Exchange | None:
    """The first failing request and its answer; None for a record that does not hold them."""
    method, target, status = data.get("method"), data.get("target"), data.get("status")
    if not isinstance(method, str) or not isinstance(target, str):
        return None
    return Exchange(
        method=method,
        target=target,
        sent=str(data.get("sent", "")),
        status=status if isinstance(status, int) and status else None,
        received=str(data.get("answer", "")),
    )


def doubt_operation(operation: Observation) -> Iterator[Doubt]:
    """Why nothing is known about an operation."""
    cases, statuses = operation.data.get("cases"), operation.data.get("statuses")
    answered = statuses.keys() if isinstance(statuses, dict) else set()
    if not isinstance(cases, int) or cases < LEAST_CASES:
        yield Doubt(subject=operation.subject, reason=f"only {cases} cases reached it")
    elif answered <= REFUSED:
        yield Doubt(subject=operation.subject, reason="every case was refused before it was read")


def example(check: str, kind: str, status: int, message: str) -> Control:
    """The record of a run in which one check failed."""
    failure: dict[str, Json] = {
        "check": check,
        "type": kind,
        "message": message,
        "status": status,
        "answer": "{}",
        "count": 1,
        "curl": "curl http://127.0.0.1/v1/runs",
    }
    record = (*CLEAN, Observation(kind="failure", subject="POST /v1/runs", data=failure))
    return Control(defect=f"{kind} ({check})", record=record)


CLEAN: tuple[Observation, ...] = (
    Observation(
        kind="operation",
        subject="POST /v1/runs",
        data={"cases": 20, "statuses": {"201": 4, "422": 16}, "phases": {"coverage": 20}},
    ),
    Observation(kind="principal", subject="GET /v1/runs", data={"status": 200}),
)
CHECK = Check(
    id=ID,
    claim="Every documented operation keeps its contract, and none fails, on good and bad input.",
    blind_to=(
        "Operations that are not in the document. Operations that could take away the access of "
        "the principal that fuzzes (changes of one member, account, key, session or of its quotas, "
        "and the deletion of the tenant): recorded as excluded, never called. Only one tenant's "
        "owner fuzzes, so operations for other credentials show their refusals only. What an "
        "Idempotency-Key does, which is never sent. Few cases "
        "per operation; orders of more than a few calls; concurrency. What an operation answers "
        "for existing objects is seen only where one was made on the way, or a list of the "
        "document shows one: see the statuses."
    ),
    probe=probe,
    judge=judge,
    controls=(
        example("not_a_server_error", "Server error", 500, ""),
        example("status_code_conformance", "Undocumented status code", 418, "Received: 418"),
        example("content_type_conformance", "Undocumented Content-Type", 200, "text/html"),
        example("response_headers_conformance", "Missing required headers", 201, "Location"),
        example("response_schema_conformance", "Response violates schema", 200, "'id' is required"),
        example("negative_data_rejection", "API accepted schema-violating request", 201, "name: 5"),
        example("positive_data_acceptance", "API rejected schema-compliant request", 422, ""),
        example("missing_required_header", "Missing header not rejected", 200, ""),
        example("unsupported_method", "Unsupported method incorrect response", 200, "TRACE"),
        example("allow_header_conformance", "Allow header mismatch", 405, "Allow: GET"),
        example("use_after_free", "Use after free", 200, ""),
        example("ensure_resource_availability", "Resource is not available", 404, ""),
        example("ignored_auth", "API accepts requests without authentication", 200, ""),
        example("object_level_authorization", "Object level authorization violation", 200, ""),
        example("a_check_of_a_later_release", "Custom failure", 200, ""),
    ),
    at_least={"operation": 5, "principal": 1},
    needs=frozenset({"http", "openapi", "tenants"}),
    lies={Lie.CRASH: ("operation",), Lie.FIELD: ("operation",)},
    covers=tuple(sorted({each.owasp_api for each in WEIGHTS.values() if each.owasp_api})),
)
