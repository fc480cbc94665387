"""What callers say of themselves, believed: tenants in headers and bodies, fields, credentials."""

from __future__ import annotations

from collections.abc import Iterator

from tests.mutants.model import Ground, Mutant
from tests.mutants.source import anchored, source, sources, together

UUID = '__import__("uuid").UUID'
REQUEST = '__import__("flask").request'
READS = ("GET /v1/projects", "GET /v1/projects/{project_id}")
OWN = "tenant_id=principal().tenant_id"
SIGNED = "    g.principal = principal\n"
REPLACED = '__import__("dataclasses").replace'


def confused() -> Iterator[Mutant]:
    """The tenant of a valid credential is replaced by what else the request says."""
    said = {
        "X-Tenant-Id": f'{REQUEST}.headers.get("X-Tenant-Id")',
        "X-Org-Id": f'{REQUEST}.headers.get("X-Org-Id")',
        "X-Account-Id": f'{REQUEST}.headers.get("X-Account-Id")',
        "X-Forwarded-Host": (
            f'{REQUEST}.headers.get("X-Forwarded-Host", "").partition(".")[0] or None'
        ),
    }
    for name, expression in said.items():
        chosen = (
            f"    said = {expression}\n"
            "    if said and len(said) == 36:\n"
            f"        principal = {REPLACED}(principal, tenant_id={UUID}(said))\n"
        )
        yield Mutant(
            operator="the tenant is taken from a header",
            place=name,
            edits=anchored("app/tenancy.py", SIGNED, chosen + SIGNED),
            channels=(32,),
            names=READS,
            about=READS,
        )


TOP = {
    "POST /v1/projects": ("app/resources/projects.py", "app/schemas/projects.py", "ProjectIn"),
    "POST /v1/webhooks": ("app/resources/webhooks.py", "app/schemas/webhooks.py", "WebhookIn"),
    "POST /v1/members": ("app/resources/members.py", "app/schemas/tenants.py", "MemberIn"),
}


def bodies() -> Iterator[Mutant]:
    """The tenant of a new object is taken from its body."""
    for label, (view, schema, name) in TOP.items():
        text = source(view)
        old = OWN if OWN in text.text else "tenant_id = principal().tenant_id"
        gap = " = " if " = " in old else "="
        own = f"{UUID}(body.tenant_id) if body.tenant_id else principal().tenant_id"
        new = f"tenant_id{gap}({own})"
        if old == OWN and f"{OWN}, **body.model_dump()" in text.text:
            old = f"{OWN}, **body.model_dump()"
            new = f"**(body.model_dump() | {{'tenant_id': {own}}})"
        field = '\n    tenant_id: str | None = __import__("pydantic").Field(default=None)\n'
        yield Mutant(
            operator="the tenant of a new object is taken from its body",
            place=label,
            edits=together(
                anchored(view, old, new), {schema: after_docstring(schema, name, field)}
            ),
            channels=(3, 9),
            names=(label,),
            ground=Ground.CODE,
        )


def after_docstring(path: str, name: str, more: str) -> str:
    """The file with something more at the beginning of a class."""
    text = source(path)
    for line in text.text.splitlines(keepends=True):
        if line.startswith(f"class {name}("):
            head = text.text.index(line) + len(line)
            end = text.text.index('"""\n', head + 7) + 4
            return text.text[:end] + more + text.text[end:]
    raise LookupError(f"{path} has no class {name}")


FIELDS = {
    "ProjectIn": "POST /v1/projects",
    "ProjectChange": "PATCH /v1/projects/{project_id}",
    "ExperimentIn": "POST /v1/projects/{project_id}/experiments",
    "ExperimentChange": "PATCH /v1/experiments/{experiment_id}",
    "RunChange": "PATCH /v1/runs/{run_id}",
    "ModelIn": "POST /v1/projects/{project_id}/models",
    "ModelChange": "PATCH /v1/models/{model_id}",
    "VersionIn": "POST /v1/models/{model_id}/versions",
    "VersionChange": "PATCH /v1/models/{model_id}/versions/{version}",
    "DeploymentChange": "PATCH /v1/deployments/{deployment_id}",
    "WebhookChange": "PATCH /v1/webhooks/{webhook_id}",
    "TenantChange": "PATCH /v1/tenants/{tenant_id}",
}


def fields() -> Iterator[Mutant]:
    """Fields that nobody declared are set on the row: times, states, counts."""
    for name, label in FIELDS.items():
        path = next(each.path for each in sources() if f"\nclass {name}(" in each.text)
        parent = next(
            line.partition("(")[2].rstrip("):\n")
            for line in source(path).text.splitlines()
            if line.startswith(f"class {name}(")
        )
        loose = f'\n    model_config = {{**{parent}.model_config, "extra": "allow"}}\n'
        yield Mutant(
            operator="fields that nobody declared are set",
            place=label,
            edits={path: after_docstring(path, name, loose)},
            channels=(9,),
            names=(label,),
            about=(label,),
        )


def credentials() -> Iterator[Mutant]:
    """A credential that is none, or none any more."""
    cases = {
        "a revoked key is not deleted": (
            "app/resources/api_keys.py",
            "    row = _reachable(key_id)\n    db.session.delete(row)\n    db.session.flush()\n",
            "    _reachable(key_id)\n",
            ("DELETE /v1/api-keys/{key_id}", *READS),
        ),
        "what was cached of a key is never forgotten": (
            "app/auth.py",
            "self.entries[digest] = (0.0, principal)",
            "pass",
            ("DELETE /v1/api-keys/{key_id}", *READS),
        ),
        "any secret of a tenant's key will do": (
            "app/auth.py",
            "usable(key.digest))",
            "True).limit(1)",
            ("GET /v1/api-keys", *READS),
        ),
        "whoever shows no credential is the last one who did": (
            "app/guard.py",
            "    sign_in(_authenticate(credential))\n",
            (
                "    known = current().keys.entries\n"
                "    if not credential and known:\n"
                "        sign_in(list(known.values())[-1][1])\n"
                "        return\n"
                "    sign_in(_authenticate(credential))\n"
            ),
            READS,
        ),
        "who a credential stands for is remembered by its first letters": (
            "app/auth.py",
            "return hashlib.sha256(credential.encode(",
            "return hashlib.sha256(credential[:4].encode(",
            READS,
        ),
        "a rotated key's old secret never ends": (
            "app/credentials.py",
            "and_(ApiKey.previous_digest == digest, ApiKey.previous_until > moment)",
            "ApiKey.previous_digest == digest",
            ("POST /v1/api-keys/{key_id}:rotate", *READS),
        ),
        "an expired key goes on working": (
            "app/credentials.py",
            "return and_(or_(current, previous), unexpired)",
            "return or_(current, previous)",
            ("POST /v1/api-keys", *READS),
        ),
    }
    for place, (path, old, new, about) in cases.items():
        yield Mutant(
            operator="a credential is believed",
            place=place,
            edits=anchored(path, old, new),
            channels=(31, 32),
            about=about,
        )
