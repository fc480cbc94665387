#!/bin/sh
# Run the `maestro` command of this checkout in a CI job: maestro.sh gate --profile standard …
# Installs it first, into .venv-ci, unless MAESTRO names a command that is there already;
# MAESTRO_EXTRAS=sigstore adds what keyless signatures need.
set -eu
checkout=$(cd "$(dirname "$0")/../.." && pwd)
if [ -z "${MAESTRO:-}" ]; then
    MAESTRO=$checkout/.venv-ci/bin/maestro
    if [ ! -x "$MAESTRO" ]; then
        "${PYTHON:-python3}" -m venv "$checkout/.venv-ci"
        "$checkout/.venv-ci/bin/python" -m pip install --quiet --disable-pip-version-check \
            --constraint "$checkout/constraints.txt" --editable "$checkout${MAESTRO_EXTRAS:+[$MAESTRO_EXTRAS]}"
    fi
fi
exec "$MAESTRO" "$@"
