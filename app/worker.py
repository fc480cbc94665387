"""Where does Celery find the application?

`celery -A app.worker worker --beat` with the service's own environment; with several workers,
`--beat` at one of them.
"""

import os

from app import logs
from app.config import read_config
from app.work.celery_app import create_celery
from app.work.worker import new_worker

logs.configure()
config = read_config(os.environ)
app = create_celery(config, new_worker(config))
