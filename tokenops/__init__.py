"""The site: settings, addresses, Celery, WSGI and the commands that run them."""

try:
    from tokenops.celery import app as celery_app
except ModuleNotFoundError as error:
    # `python -m tokenops.cli` runs in pipelines where nothing is installed.
    if (error.name or "").partition(".")[0] in {"apps", "tokenops"}:
        raise
    celery_app = None

__all__ = ["celery_app"]
