"""Log lines: JSON for machines, text for people; the same for structlog, Django, Celery, gunicorn.

Tracebacks come without the values of variables: they may hold bodies, keys and people's data.
"""

import logging
from typing import Any

import structlog

FORMATS = ("json", "console")


def _context(form: str) -> list[Any]:
    """What every line carries: request id, actor and organization where there are, level, time."""
    stamp = (
        structlog.processors.TimeStamper(fmt="iso", utc=True)
        if form == "json"
        else structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False)
    )
    return [structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, stamp]


def _rendered(form: str) -> list[Any]:
    if form == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]


def configure(level: str, form: str) -> None:
    """Set structlog up. ValueError for a format or level that does not exist."""
    if form not in FORMATS:
        raise ValueError(f"LOG_FORMAT is {form!r}: use {' or '.join(FORMATS)}.")
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"LOG_LEVEL is {level!r}: use DEBUG, INFO, WARNING or ERROR.")
    structlog.configure(
        processors=[
            *_context(form),
            structlog.processors.StackInfoRenderer(),
            structlog.dev.set_exc_info,
            *_rendered(form),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
    )


def standard(form: str, **levels: str) -> dict[str, Any]:
    """The configuration of Python's own logging, whose lines look the same.

    `levels` are those of loggers by name; others speak from WARNING on: libraries tell each
    address they call at INFO.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [structlog.stdlib.add_logger_name, *_context(form)],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *_rendered(form),
                ],
            }
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "lines",
            }
        },
        "root": {"level": "WARNING", "handlers": ["console"]},
        # Without handlers of their own (Django's would write e-mail) they use the root's.
        "loggers": {
            name: {"level": level.upper(), "handlers": [], "propagate": True}
            for name, level in levels.items()
        },
    }
