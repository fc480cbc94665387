"""A run that brings real servers up, reports their PIDs, and waits for its end."""

import json
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import psutil

from gate.testbed.postgresql import new_postgresql
from gate.testbed.redis_server import new_redis
from gate.testbed.service import Installation, Keys, running_service
from gate.testbed.site import open_site


def run(folder: Path, ending: str) -> None:
    """Start all parts, wait for a signal or the end of the input; then raise, if that was asked."""
    with open_site(folder / "logs") as site, ExitStack() as stack:
        database = stack.enter_context(new_postgresql(site))
        cache = stack.enter_context(new_redis(site))
        installation = Installation(
            checkout=Path(__file__).parent,
            application="standin:app",
            database_url=database.url,
            redis_url=cache.url,
            keys=Keys(),
        )
        stack.enter_context(running_service(site, installation))
        tree = psutil.Process().children(recursive=True)
        state = {"pids": [process.pid for process in tree], "state": str(site.state)}
        sys.stdout.write(json.dumps(state) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
        if ending == "exception":
            raise RuntimeError(ending)


if __name__ == "__main__":
    # As the command line does: a shell starts what runs in its background with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    run(Path(sys.argv[1]), sys.argv[2])
