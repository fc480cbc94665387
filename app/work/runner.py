"""Who runs background work when nothing but the service is installed?"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from multiprocessing.util import Finalize
from threading import Thread

from sqlalchemy.exc import SQLAlchemyError

from app.config import Config
from app.work import tasks
from app.work.deliveries import run_delivery
from app.work.jobs import run_job
from app.work.retention import run_retention
from app.work.tasks import Entry
from app.work.worker import Worker, new_worker

POLL_SECONDS = 0.5
OUTAGE_SECONDS = 5.0
STOP_SECONDS = 5.0
RUN = {tasks.JOB: run_job, tasks.DELIVERY: run_delivery, tasks.RETENTION: run_retention}
log = logging.getLogger("maestro")


def run(worker: Worker, entry: Entry) -> None:
    """Work on a leased task. After a defect its lease runs out and it is tried again."""
    try:
        RUN[entry.kind](worker, entry)
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - one task's defect must not end the worker
        log.error("task", extra={"error": type(error).__name__})  # noqa: TRY400 - no secrets


def run_due(worker: Worker) -> int:
    """Work until no task is due or the worker is stopping; how many were worked on."""
    count = 0
    while not worker.stopping.is_set():
        entry = tasks.take_next(worker)
        if entry is None:
            break
        run(worker, entry)
        count += 1
    return count


@dataclass(slots=True)
class Runner:
    """A thread of a worker process of the service, with a connection of its own."""

    worker: Worker
    thread: Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = Thread(target=self.serve, name="maestro-jobs", daemon=True)

    def serve(self) -> None:
        """Work on what is due, again and again, until told to stop."""
        pause = 0.0
        while not self.worker.stopping.wait(pause):
            try:
                run_due(self.worker)
                pause = POLL_SECONDS
            except SQLAlchemyError as error:
                log.warning("jobs", extra={"error": type(error).__name__})
                pause = OUTAGE_SECONDS

    def stop(self) -> None:
        """Finish the present step, hand the job back and end. Running it again changes nothing."""
        self.worker.stopping.set()
        self.thread.join(STOP_SECONDS)
        self.worker.close()


def start_runner(config: Config) -> Runner | None:
    """Start the thread of this process, which stops with it; None where Celery does the work."""
    if config.celery_broker_url is not None:
        return None
    runner = Runner(new_worker(config))
    runner.thread.start()
    # Granian's workers are multiprocessing's, which end without `atexit`; this serves every server.
    Finalize(None, runner.stop, exitpriority=10)
    return runner
