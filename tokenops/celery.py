"""The Celery application and beat's schedule.

An app declares its periodic work beside its tasks, in `tasks.py`:

    SCHEDULE = {"ledger.fold_all": 10.0, "trail.seal_all": crontab(minute="*/5")}

(task name to seconds or a Celery schedule). Every scheduled task takes no arguments; tasks of an
organization are enqueued by a scheduled one through `apps.tenancy.tasks.fan_out`.
"""

import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from celery import Celery, signals
from celery.beat import PersistentScheduler

from tokenops.run.heartbeat import beat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tokenops.settings")

QUEUES = ("default", "ledger", "connectors", "notifications")

app = Celery("tokenops")
app.conf.update(
    # A killed worker's task runs again, so each task is idempotent by construction.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_soft_time_limit=600,
    task_time_limit=660,
    worker_max_tasks_per_child=500,
    broker_connection_max_retries=None,
    beat_max_loop_interval=5,
)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.heartbeat_sent.connect
def record_worker_heartbeat(**_: object) -> None:
    """Tell the supervisor or the container that the worker consumes."""
    beat("worker")


@signals.setup_logging.connect
def keep_logging(**_: object) -> None:
    """Lines are those of the settings: Celery would add its own format beside them."""


@signals.worker_init.connect
@signals.beat_init.connect
def refuse_unsafe_role(**_: object) -> None:
    """End the process before it takes work; Celery would only log another exception."""
    from tokenops.guard import refuse_unsafe_role

    try:
        refuse_unsafe_role()
    except Exception as error:
        raise SystemExit(f"not started: {error}") from error


class Scheduler(PersistentScheduler):
    """Beat's scheduler: the schedule is what the apps declare, and every pass is a sign of life."""

    def setup_schedule(self) -> None:
        self.app.conf.beat_schedule = declared_schedule()
        super().setup_schedule()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        delay: float = super().tick(*args, **kwargs)
        beat("beat")
        return delay


def declared_schedule() -> dict[str, dict[str, Any]]:
    """Beat entries of every installed app.

    Raises LookupError for a name that no task has: a misspelt entry would never run.
    """
    from django.apps import apps

    entries: dict[str, dict[str, Any]] = {}
    for config in apps.get_app_configs():
        name = f"{config.name}.tasks"
        if find_spec(name) is None:
            continue
        for task, schedule in getattr(import_module(name), "SCHEDULE", {}).items():
            if task not in app.tasks:
                raise LookupError(f"{name}.SCHEDULE names {task!r}, which is no registered task.")
            entries[task] = {"task": task, "schedule": schedule}
    return entries
