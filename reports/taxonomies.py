"""How are weaknesses, risks and requirements named, and where are they described?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gate.coverage import OWASP_API
from gate.model import Finding
from reports.wording import printable

CWE, OWASP, ASVS = "CWE", "OWASP API Security Top 10", "OWASP ASVS"
VERSIONS = {OWASP: "2023", ASVS: "5.0.0"}
HOMES = {
    CWE: "https://cwe.mitre.org/",
    OWASP: "https://owasp.org/API-Security/editions/2023/en/0x11-t10/",
    ASVS: "https://owasp.org/www-project-application-security-verification-standard/",
}


def named(finding: Finding) -> tuple[tuple[str, str], ...]:
    """The taxonomies and ids that a finding names: `("CWE", "639")`."""
    ids = (
        (CWE, str(finding.cwe) if finding.cwe is not None else None),
        (OWASP, finding.owasp_api),
        (ASVS, finding.asvs),
    )
    return tuple((taxonomy, each) for taxonomy, each in ids if each)


def title(taxonomy: str, each: str) -> str:
    """What an id means, as far as its licence lets us say."""
    if taxonomy == CWE:
        return f"CWE-{each}"
    return f"{each} {OWASP_API[each]}" if each in OWASP_API else f"{taxonomy} {each}"


def page(taxonomy: str, each: str) -> str:
    """Where an id is described."""
    return f"{HOMES[CWE]}data/definitions/{each}.html" if taxonomy == CWE else HOMES[taxonomy]


@dataclass(frozen=True, slots=True)
class Taxa:
    """The taxonomies that some findings name, with the ids of each, as SARIF writes them."""

    ids: dict[str, list[str]]

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Taxa:
        """What these findings name."""
        ids: dict[str, list[str]] = {}
        pairs = [pair for each in findings for pair in named(each)]
        for taxonomy, each in dict.fromkeys(pairs):
            ids.setdefault(taxonomy, []).append(each)
        return cls(ids)

    @property
    def names(self) -> list[str]:
        """The taxonomies."""
        return list(self.ids)

    def point(self, taxonomy: str, each: str) -> dict[str, Any]:
        """A reference to one id."""
        return {
            "id": printable(each),
            "index": self.ids[taxonomy].index(each),
            "toolComponent": {"name": taxonomy, "index": self.names.index(taxonomy)},
        }

    def written(self) -> list[dict[str, Any]]:
        """The taxonomies as tool components."""
        return [
            {
                "name": taxonomy,
                "organization": "MITRE" if taxonomy == CWE else "OWASP",
                "informationUri": HOMES[taxonomy],
                **({"version": VERSIONS[taxonomy]} if taxonomy in VERSIONS else {}),
                "taxa": [
                    {
                        "id": printable(each),
                        "name": printable(title(taxonomy, each)),
                        "helpUri": page(taxonomy, each),
                    }
                    for each in ids
                ],
            }
            for taxonomy, ids in self.ids.items()
        ]
