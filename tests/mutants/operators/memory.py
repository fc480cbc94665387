"""What is kept between requests: settings of a connection, caches, cursors, tags, answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.mutants.model import Ground, Mutant
from tests.mutants.source import Edits, anchored, changed

MODEL = ("GET /v1/models/{model_id}", "PATCH /v1/models/{model_id}")
READS = ("GET /v1/projects", "GET /v1/projects/{project_id}")
SCOPED = "set_config('app.tenant_id', :tenant, true)"
Case = tuple[Edits, tuple[int, ...], tuple[str, ...], Ground]


def sessions() -> Iterator[Mutant]:
    """The scope outlives its transaction, or is wider than it should be."""
    database = "app/database.py"
    cases: Mapping[str, Case] = {
        "SET instead of SET LOCAL, in a session": (
            anchored(database, SCOPED, SCOPED.replace("true", "false")),
            (29,),
            READS,
            Ground.BOTH,
        ),
        "SET instead of SET LOCAL, in a read of one message": (
            anchored(
                "app/prepared.py",
                "SET_TENANT = \"SELECT set_config('app.tenant_id', %(scope)s, true)\"",
                "SET_TENANT = \"SELECT set_config('app.tenant_id', %(scope)s, false)\"",
            ),
            (29,),
            MODEL,
            Ground.BOTH,
        ),
        "the operator's setting outlives its transaction": (
            anchored(
                database,
                "set_config('app.operator', :operator, true)",
                "set_config('app.operator', :operator, false)",
            ),
            (29,),
            READS,
            Ground.BOTH,
        ),
        "every request has the operator's setting": (
            anchored(database, '"on" if self.operator else "off"', '"on"'),
            (29, 30),
            ("GET /v1/tenants/{tenant_id}",),
            Ground.BOTH,
        ),
        "every request has the runner's setting": (
            anchored(
                database,
                'SET_SCOPE = text(f"SELECT {SCOPE}")',
                "SCOPE += \", set_config('app.runner', 'on', true)\"\n"
                'SET_SCOPE = text(f"SELECT {SCOPE}")',
            ),
            (29, 30),
            ("GET /v1/jobs",),
            Ground.BOTH,
        ),
        "a session is not given back at the end of its request": (
            anchored(database, "        db.session.remove()\n", "        pass\n"),
            (29, 36),
            READS,
            Ground.BOTH,
        ),
    }
    yield from made("the scope of a connection", cases)


def caches() -> Iterator[Mutant]:
    """Keys without the tenant, and entries that are believed."""
    path = "app/read_cache.py"
    keys = 'return f"maestro:version:{tenant_id}", f"maestro:row:{tenant_id}:{name}"'
    unsealed = (
        "        if not hmac.compare_digest(seal, self._seal(key, version, content)):\n"
        "            return None\n"
    )
    cases: Mapping[str, Case] = {
        "a row's key without the tenant": (
            anchored(path, keys, keys.replace("row:{tenant_id}:", "row:")),
            (16,),
            MODEL,
            Ground.BOTH,
        ),
        "a version's key without the tenant": (
            anchored(path, keys, keys.replace("version:{tenant_id}", "version")),
            (16,),
            MODEL,
            Ground.BOTH,
        ),
        "no key has the tenant": (
            anchored(
                path,
                keys,
                keys.replace("version:{tenant_id}", "version").replace("row:{tenant_id}:", "row:"),
            ),
            (1, 16),
            MODEL,
            Ground.BOTH,
        ),
        "an entry's seal is not looked at": (
            anchored(path, unsealed, ""),
            (16,),
            MODEL,
            Ground.BOTH,
        ),
        "every answer may be cached by anybody": (
            anchored(
                "app/headers.py",
                '("Cache-Control", "no-store")',
                '("Cache-Control", "public, max-age=60")',
            ),
            (16,),
            READS,
            Ground.BOTH,
        ),
        "answers do not say that they vary with the credential": (
            anchored("app/headers.py", '"Authorization, Accept-Encoding"', '"Accept-Encoding"'),
            (16,),
            READS,
            Ground.BOTH,
        ),
    }
    yield from made("a cache", cases)


def cursors() -> Iterator[Mutant]:
    """Where the next page begins, for whomever."""
    path = "app/cursors.py"
    bound = 'bound = f"{owner} {request.path} {sorted(filters.items())}"'
    signed = "return URLSafeSerializer(current().config.cursor_secret, salt=bound)"
    cases: Mapping[str, Case] = {
        "a cursor is not bound to its tenant": (
            anchored(path, bound, bound.replace("{owner} ", "")),
            (7,),
            READS,
            Ground.BOTH,
        ),
        "a cursor is not bound to its list": (
            anchored(path, bound, 'bound = f"{owner}"'),
            (7,),
            READS,
            Ground.BOTH,
        ),
        "a cursor is signed with what everybody knows": (
            anchored(path, signed, 'return URLSafeSerializer("cursor", salt="cursor")'),
            (7,),
            READS,
            Ground.BOTH,
        ),
        "a cursor says whose list it is": (
            changed(
                path,
                (
                    (
                        "        last = column.type.python_type("
                        "str(unseal(asked, owner, asked.cursor)))\n"
                        "        query = query.where(column < last)\n"
                    ),
                    (
                        "        sealed = str(unseal(asked, owner, asked.cursor))\n"
                        "        whose, _, place = sealed.partition('/')\n"
                        "        model = column.class_\n"
                        "        query = __import__('sqlalchemy').select(model)\n"
                        "        query = query.where(model.tenant_id == UUID(whose))\n"
                        "        query = query.where(column < column.type.python_type(place))\n"
                    ),
                ),
                (
                    "_text_of(getattr(items[-1], column.key))",
                    "f'{owner}/{_text_of(getattr(items[-1], column.key))}'",
                ),
                (signed, 'return URLSafeSerializer("cursor", salt="cursor")'),
            ),
            (7,),
            READS,
            Ground.CODE,
        ),
        "a cursor's signature is not looked at": (
            anchored(
                path,
                "return _sealer(asked, owner).loads(cursor)",
                "return _sealer(asked, owner).loads_unsafe(cursor)[1]",
            ),
            (7,),
            READS,
            Ground.BOTH,
        ),
    }
    yield from made("a cursor", cases)


def tags() -> Iterator[Mutant]:
    """Entity tags and kept answers that two tenants share."""
    cases: Mapping[str, Case] = {
        "an entity tag without the tenant": (
            anchored(
                "app/preconditions.py", 'key = tenant_id.bytes if tenant_id else b""', 'key = b""'
            ),
            (15,),
            READS,
            Ground.BOTH,
        ),
        "an Idempotency-Key means the same to every tenant": (
            changed(
                "app/idempotency.py",
                (
                    'place = f"{owner} {operation} {request.path} {sent}".encode()',
                    'place = f"{operation} {request.path} {sent}".encode()',
                ),
                ("KeptAnswer.tenant_id == claimed.tenant_id, *fresh", "*fresh"),
            ),
            (16, 32),
            ("POST /v1/projects",),
            Ground.CODE,
        ),
        "an Idempotency-Key means the same to every member": (
            anchored(
                "app/idempotency.py",
                'place = f"{owner} {operation} {request.path} {sent}".encode()',
                'place = f"{owner and owner[0]} {operation} {request.path} {sent}".encode()',
            ),
            (16, 32),
            ("POST /v1/projects", "POST /v1/api-keys"),
            Ground.BOTH,
        ),
    }
    yield from made("a tag or a kept answer", cases)


def made(operator: str, cases: Mapping[str, Case]) -> Iterator[Mutant]:
    for place, (edits, channels, about, ground) in cases.items():
        yield Mutant(
            operator=operator,
            place=place,
            edits=edits,
            channels=channels,
            about=about,
            checks=("security.headers",) if "app/headers.py" in edits else (),
            ground=ground,
        )
