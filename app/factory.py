"""How is the application put together?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
from apiflask import APIFlask
from flask.json.provider import JSONProvider
from redis import Redis
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter

from app import changes, compression, conduct, connections, errors, guard, headers, limits, logs
from app.artifacts.choice import open_store
from app.auth import KeyCache
from app.config import Config
from app.context import NAME, Context
from app.database import db, engine_options, release
from app.endpoint import Declaration, declaration_of
from app.invalidation import Invalidations
from app.leases import Counter
from app.oidc import new_verifier
from app.openapi import SCHEMES, complete
from app.prepared import carry_scopes
from app.read_cache import ReadCache
from app.redis_pool import GuardedPool, new_pool
from app.resources import (
    api_keys,
    artifacts,
    audit_events,
    deployments,
    docs,
    experiments,
    jobs,
    members,
    models,
    projects,
    quotas,
    roles,
    run_search,
    runs,
    search,
    system,
    tenants,
    uploads,
    versions,
    webhooks,
)
from app.telemetry import redis_commands, statements

RESOURCES = (
    system,
    docs,
    tenants,
    members,
    roles,
    api_keys,
    projects,
    experiments,
    runs,
    models,
    audit_events,
    versions,
    deployments,
    artifacts,
    uploads,
    run_search,
    search,
    jobs,
    webhooks,
    quotas,
)
DESCRIPTION = "Projects, experiments, runs and models of many tenants, each for itself."


class Orjson(JSONProvider):
    """JSON as RFC 8259 has it: no NaN, no lone surrogates."""

    def dumps(self, obj: Any, **_: Any) -> str:
        """The object as JSON text."""
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """The object in a JSON text; 422 when its only fault is a lone surrogate."""
        try:
            return orjson.loads(s)
        except orjson.JSONDecodeError:
            errors.refuse_lone_surrogates(s)
            raise


class MetricConverter(BaseConverter):
    """A metric's key in a path; anything else is a 404."""

    regex = r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}"


class AliasConverter(BaseConverter):
    """A model's alias in a path; anything else is a 404."""

    regex = r"[a-z][a-z0-9._\-]{0,49}"


class TagConverter(BaseConverter):
    """A tag's key in a path, as far as a path can hold it; anything else is a 404."""

    regex = r"[^/\x00]{1,100}"


class NumberConverter(BaseConverter):
    """A number from 1 up in a path; anything else is a 404.

    Werkzeug's own converter leaves the range to a second step, after which another method of the
    same path turns the 404 into a 405.
    """

    regex = r"[1-9][0-9]{0,8}"

    def to_python(self, value: str) -> int:
        """The number."""
        return int(value)


class Service(APIFlask):
    """APIFlask without looking, for each call of each layer, whether a view is a coroutine."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: no view of this service is asynchronous."""
        return func


def create_app(config: Config) -> APIFlask:
    """The whole application. It connects to nothing yet."""
    app = Service(
        "app",
        title="Maestro ML",
        version="1",
        spec_path=None,
        docs_path=None,
        static_folder=None,  # type: ignore[arg-type]
    )
    app.json = Orjson(app)
    app.url_map.converters["metric"] = MetricConverter
    app.url_map.converters["number"] = NumberConverter
    app.url_map.converters["alias"] = AliasConverter
    app.url_map.converters["tag"] = TagConverter
    pool = new_pool(config)
    _configure(app, config)
    changes.register()
    app.extensions[NAME] = new_context(config, pool)
    logs.register(app, config)
    compression.register(app)
    headers.register(app, config)
    errors.register(app)
    guard.register_entry(app)
    logs.register_sign_in(app)
    limits.register(app, config, pool)
    logs.register_admission(app)
    guard.register_input(app)
    for resource in RESOURCES:
        app.register_blueprint(resource.bp)
    app.extensions[conduct.NAME] = conduct.Readers.among(declarations(app))
    app.spec_processor(partial(_complete, app))
    if config.trusted_proxies:
        count = config.trusted_proxies
        proxied = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)
        app.wsgi_app = proxied  # type: ignore[method-assign]
    return app


def _complete(app: APIFlask, document: dict[str, Any] | str) -> dict[str, Any]:
    if not isinstance(document, dict):
        return {}
    https_only = not app.extensions[NAME].config.webhook_allow
    return complete(document, declarations(app), https_only=https_only)


def declarations(app: APIFlask) -> dict[str, Declaration]:
    """Every declared route of the application, by operation id."""
    found = map(declaration_of, app.view_functions.values())
    return {declared.operation: declared for declared in found if declared is not None}


def _configure(app: APIFlask, config: Config) -> None:
    app.config.update(
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(config),
        DESCRIPTION=DESCRIPTION,
        SECURITY_SCHEMES=SCHEMES,
        AUTO_SERVERS=False,
        AUTO_404_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
    )
    db.init_app(app)
    # Before Flask-SQLAlchemy's own: the last one registered is the first to run.
    app.teardown_appcontext(release)
    with app.app_context():
        carry_scopes(db.engine)
        statements.watch(db.engine)
        connections.guard(db.engine)
    redis_commands.watch()


def new_context(config: Config, pool: GuardedPool) -> Context:
    """What requests share. Nothing of it has connected to anything yet."""
    cache = KeyCache(config.auth_seconds)
    redis = Redis(connection_pool=pool)
    return Context(
        config=config,
        keys=cache,
        redis=redis,
        store=open_store(config),
        changes=Invalidations(cache, redis, config.redis_url),
        counter=Counter(redis),
        rows=ReadCache(redis, config.cursor_secret.encode()),
        tokens=new_verifier(config.oidc) if config.oidc else None,
    )
