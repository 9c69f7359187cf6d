"""The web entry point."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from evidence.search.snapshot import read_ahead  # noqa: E402  (models can be imported only once the site is set up)

read_ahead()
