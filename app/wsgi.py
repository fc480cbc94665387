"""Where does a WSGI server find the application?"""

import gc
import os

from app import logs
from app.config import read_config
from app.factory import create_app
from app.work.runner import start_runner

logs.configure()
config = read_config(os.environ)
app = create_app(config)
runner = start_runner(config)
# What is there now stays: a full collection, in the middle of a request, need not look at it.
gc.freeze()
