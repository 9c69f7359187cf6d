"""Settings of the test suite: the same code on throw-away data.

`DATABASE_URL`, `REDIS_URL` and `STORAGE_URL` put the suite on real engines;
otherwise it runs embedded. Nothing in the developer's own data is touched.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

_HOME = Path(tempfile.mkdtemp(prefix="uplift-tests-"))
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ["UPLIFT_HOME"] = str(_HOME)
os.environ["SECRET_KEY"] = "only-for-the-tests-and-only-as-long-as-they-run-0123456789"  # noqa: S105
if os.environ.get("REDIS_URL"):  # a Redis database for each test process, counted down from the one given
    _server, _, _number = os.environ["REDIS_URL"].rpartition("/")
    _process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    os.environ["REDIS_URL"] = f"{_server}/{int(_number) - _process}"

from config.settings import *  # noqa: E402, F403  (after the environment it reads)
from config.settings import REDIS_URL, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
if not REDIS_URL:
    CELERY_BROKER_URL = "memory://"
    CELERY_BROKER_TRANSPORT_OPTIONS = {}
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True  # look for a static file when asked, not at every start
SECURE_SSL_REDIRECT = False
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
