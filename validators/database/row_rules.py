"""Which facts of a database break the promise that its tenants are apart? Pure.

Sources: PostgreSQL's manual, 5.9 (row security) and 13 (what bypasses it); Supabase's splinter for
views and functions; ASVS 5.0 V8.4.1. Each rule was seen to leak, or not to, on PostgreSQL 18.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gate.model import Json, Observation, Severity

TABLES, VIEW, SNAPSHOT = ("r", "p"), "v", "m"


@dataclass(frozen=True, slots=True)
class Setting:
    """What the rules must know beside the fact: the setting, the column, whose rows they are."""

    name: str
    column: str
    tenant_tables: Collection[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`breaks` says whether a fact of this kind is a defect.

    `cvss` has AT:P where the service's own filter has to fail before the defect shows.
    """

    name: str
    kind: str
    breaks: Callable[[Mapping[str, Any], Setting], bool]
    severity: Severity
    title: str
    remedy: str
    cwe: int = 639
    cvss: str


def used(data: Mapping[str, Any], kinds: Collection[str] = TABLES) -> bool:
    """Can the application's role do anything with a relation of this kind?"""
    return data["kind"] in kinds and bool(data["privileges"])


def is_open(data: Mapping[str, Any], setting: Setting) -> bool:
    """Does a policy that lets rows through not ask for the scope?"""
    said = [text for text in (data["using"], data["check"]) if text is not None]
    asked = f"current_setting('{setting.name}'"
    return bool(data["permissive"]) and not all(asked in text for text in said)


def links_tenants(data: Mapping[str, Any], setting: Setting) -> bool:
    """May a reference between two tenants' tables lead from one tenant to the other?"""
    joined = f"{setting.column}={setting.column}"
    return data["target"] in setting.tenant_tables and joined not in data["pairs"]


def some(value: Json) -> bool:
    """Did a statement reach a row?"""
    return isinstance(value, int) and value > 0


def let_through(value: Json) -> bool:
    """Did the policy let a row change hands? A key that stopped it later is no policy."""
    return some(value) or value in {"23503", "23505"}


RULES: Sequence[Rule] = (
    Rule(
        name="privileged-role",
        kind="role",
        breaks=lambda data, _: any(
            data[name] for name in ("superuser", "bypasses", "privileged_roles", "owns")
        ),
        severity=Severity.CRITICAL,
        title="The application's role can step around row-level security",
        remedy="Let it own nothing and be no superuser, have no BYPASSRLS, and no such membership.",
        cwe=250,
        cvss="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    ),
    Rule(
        name="no-row-security",
        kind="relation",
        breaks=lambda data, _: used(data) and not data["enabled"],
        severity=Severity.HIGH,
        title="A table that the application uses has no tenant decision",
        remedy="ALTER TABLE … ENABLE ROW LEVEL SECURITY and FORCE it, with a policy; a partition "
        "that is read directly needs its own. Or revoke the privileges.",
        cvss="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    ),
    Rule(
        name="not-forced",
        kind="relation",
        breaks=lambda data, _: used(data) and data["enabled"] and not data["forced"],
        severity=Severity.MEDIUM,
        title="Row-level security does not bind the table's owner",
        remedy="ALTER TABLE … FORCE ROW LEVEL SECURITY.",
        cvss="CVSS:4.0/AV:N/AC:L/AT:P/PR:H/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    ),
    Rule(
        name="truncate",
        kind="relation",
        breaks=lambda data, _: "TRUNCATE" in data["privileges"],
        severity=Severity.HIGH,
        title="The application may truncate a table, which no policy stops",
        remedy="REVOKE TRUNCATE.",
        cvss="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N",
    ),
    Rule(
        name="view-of-owner",
        kind="relation",
        breaks=lambda data, _: used(data, VIEW) and data["owner_exempt"] and not data["invoker"],
        severity=Severity.HIGH,
        title="A view reads with the rights of an owner whom no policy binds",
        remedy="ALTER VIEW … SET (security_invoker = true).",
        cvss="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
    ),
    Rule(
        name="snapshot",
        kind="relation",
        breaks=lambda data, _: used(data, SNAPSHOT),
        severity=Severity.HIGH,
        title="A materialised view holds rows to which no policy applies",
        remedy="REVOKE SELECT, or use a view with security_invoker.",
        cvss="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
    ),
    Rule(
        name="open-policy",
        kind="policy",
        breaks=is_open,
        severity=Severity.HIGH,
        title="A policy lets rows through without asking for the tenant",
        remedy="Compare the tenant's column with the scope in USING and in WITH CHECK.",
        cvss="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    ),
    Rule(
        name="global-unique",
        kind="unique",
        breaks=lambda data, setting: setting.column not in data["columns"],
        severity=Severity.MEDIUM,
        title="A unique key over all tenants tells that another tenant's value exists",
        remedy="Begin the key with the tenant's column.",
        cwe=204,
        cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
    ),
    Rule(
        name="loose-reference",
        kind="reference",
        breaks=links_tenants,
        severity=Severity.HIGH,
        title="A foreign key may point into another tenant",
        remedy="Make it composite: the tenant's column with the id, on both sides.",
        cvss="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N",
    ),
    Rule(
        name="definer-function",
        kind="definer",
        breaks=lambda data, _: bool(data["owner_exempt"]),
        severity=Severity.HIGH,
        title="A function runs with the rights of an owner whom no policy binds",
        remedy="Make it SECURITY INVOKER, or revoke EXECUTE.",
        cvss="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    ),
    Rule(
        name="sequence",
        kind="sequence",
        breaks=lambda _, __: True,
        severity=Severity.LOW,
        title="A sequence tells how much all tenants together have made",
        remedy="REVOKE SELECT on it, or use ids that do not count.",
        cwe=200,
        cvss="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
    ),
    Rule(
        name="foreign-rows",
        kind="rows",
        breaks=lambda data, _: some(data["foreign"]),
        severity=Severity.CRITICAL,
        title="Under one tenant's scope the database shows another tenant's rows",
        remedy="Correct the table's policy.",
        cvss="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
    ),
    Rule(
        name="unscoped-rows",
        kind="rows",
        breaks=lambda data, _: some(data["unscoped"]),
        severity=Severity.CRITICAL,
        title="Without a scope the database shows rows",
        remedy="Let the policy be false when the setting is missing or empty.",
        cvss="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
    ),
    Rule(
        name="unscoped-error",
        kind="rows",
        breaks=lambda data, _: isinstance(data["unscoped"], str),
        severity=Severity.LOW,
        title="A used connection without a scope gets an error instead of no rows",
        remedy="Wrap the setting: NULLIF(current_setting('…', true), '').",
        cwe=755,
        cvss="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N",
    ),
    Rule(
        name="rows-moved",
        kind="rows",
        breaks=lambda data, _: let_through(data.get("moved")),
        severity=Severity.CRITICAL,
        title="A tenant can hand a row to another tenant",
        remedy="Give the policy a WITH CHECK that compares the tenant's column with the scope.",
        cvss="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:N/VI:H/VA:N/SC:N/SI:N/SA:N",
    ),
    Rule(
        name="rows-changed",
        kind="rows",
        breaks=lambda data, _: some(data.get("changed")) or some(data.get("removed")),
        severity=Severity.CRITICAL,
        title="A tenant can change or delete another tenant's rows",
        remedy="Correct the USING of the policies for UPDATE and DELETE.",
        cvss="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:N/VI:H/VA:H/SC:N/SI:N/SA:N",
    ),
)


def broken(observation: Observation, setting: Setting) -> list[Rule]:
    """The rules that a fact breaks; keys and references matter between tenants' tables only."""
    if observation.kind in {"unique", "reference"} and not is_tenant_s(observation, setting):
        return []
    return [
        rule
        for rule in RULES
        if rule.kind == observation.kind and rule.breaks(observation.data, setting)
    ]


def is_tenant_s(observation: Observation, setting: Setting) -> bool:
    """Is it about a table that names a tenant in each row?"""
    return observation.subject.rpartition(".")[2] in setting.tenant_tables
