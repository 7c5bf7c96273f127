"""The site: settings, addresses, Celery, WSGI and the commands that run them."""

from tokenops.celery import app as celery_app

__all__ = ["celery_app"]
