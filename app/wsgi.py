"""Where does a WSGI server find the application?"""

import os

from app import logs
from app.config import read_config
from app.factory import create_app

logs.configure()
app = create_app(read_config(os.environ))
