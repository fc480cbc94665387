"""How does Celery do the background work?

PostgreSQL stays the queue of record: a message only says that something is due, and names no
tenant. A message that is lost, or comes twice, changes nothing.
"""

from __future__ import annotations

from celery import Celery

from app.config import Config, ConfigError
from app.work import tasks
from app.work.runner import run
from app.work.worker import Worker

SWEEP_SECONDS = 1.0
MOST_MESSAGES = 100
WORK, SWEEP = "maestro.work", "maestro.sweep"


def create_celery(config: Config, worker: Worker) -> Celery:
    """The Celery application. Each of its processes connects for itself, when it first works."""
    if config.celery_broker_url is None:
        raise ConfigError("MAESTRO_CELERY_BROKER_URL is not set: give a URL of a Redis database.")
    celery = Celery("maestro", broker=config.celery_broker_url)
    celery.conf.update(
        task_ignore_result=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        beat_schedule={"sweep": {"task": SWEEP, "schedule": SWEEP_SECONDS}},
    )

    def work() -> None:
        """Take the task that has been due for longest, if there is one, and work on it."""
        entry = tasks.take_next(worker)
        if entry is not None:
            run(worker, entry)

    def sweep() -> None:
        """Send one message for each task that is due; they expire before the next sweep."""
        for _ in tasks.due(worker, MOST_MESSAGES):
            celery.send_task(WORK, expires=SWEEP_SECONDS)

    celery.task(work, name=WORK)
    celery.task(sweep, name=SWEEP)
    return celery
