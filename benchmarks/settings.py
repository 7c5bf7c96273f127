"""The product's settings on the benchmarks' own server. No broker: nothing here sends tasks."""

import os

from benchmarks import server

_url = os.environ.get("SOAK_DATABASE_URL") or server.owner_url()
os.environ["DATABASE_URL"] = os.environ["DATABASE_OWNER_URL"] = _url
os.environ.setdefault("SECRET_KEY", "benchmarks-only")
os.environ.setdefault("FIELD_KEYS", "2J6x0Jm3m3ZJvT1nq5Qy0xM7Zc8m8o4nKk1v2b3C4d8=")
os.environ.setdefault("LOG_LEVEL", "WARNING")
os.environ["EMAIL_URL"] = "memorymail://"
os.environ["ALLOWED_HOSTS"] = "*"
os.environ.setdefault("CONNECTOR_ALLOWED_HOSTS", "127.0.0.1,localhost")
os.environ.setdefault("TOKENOPS_STATE_DIR", str(server.ROOT / "state"))

from tokenops.settings import *  # noqa: E402, F403

DATABASES["default"]["TEST"] = {"NAME": "benchmark"}  # noqa: F405
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SECURE_SSL_REDIRECT = False
