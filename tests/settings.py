"""Settings of the test run: real PostgreSQL and Valkey, started on demand, and no network."""

import os

from tokenops.run.testing import ensure_services

services = ensure_services()
os.environ.setdefault("SECRET_KEY", "test-only")
os.environ.setdefault("FIELD_KEYS", "2J6x0Jm3m3ZJvT1nq5Qy0xM7Zc8m8o4nKk1v2b3C4d8=")
os.environ["DATABASE_URL"] = services.owner_url
os.environ["DATABASE_OWNER_URL"] = services.owner_url
os.environ["CELERY_BROKER_URL"] = services.valkey_url
os.environ["EMAIL_URL"] = "memorymail://"
os.environ["ALLOWED_HOSTS"] = "*"
os.environ.setdefault("LOG_FORMAT", "console")
os.environ["CONNECTOR_ALLOWED_HOSTS"] = "127.0.0.1,localhost"

from tokenops.settings import *  # noqa: E402, F403

DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405
DATABASES["default"]["TEST"] = {"NAME": os.environ.get("TOKENOPS_TEST_DB", "test_tokenops")}  # noqa: F405
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = False
