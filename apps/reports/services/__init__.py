"""Keeping schedules, and sending what is due."""

from apps.reports.services.acts import (
    delete_schedule,
    leave_schedule,
    pause_schedule,
    resume_schedule,
)
from apps.reports.services.issues import ask_for_one, prune_issues, start_due
from apps.reports.services.saving import Wanted, change_schedule, create_schedule
from apps.reports.services.sending import deliver

__all__ = [
    "Wanted",
    "ask_for_one",
    "change_schedule",
    "create_schedule",
    "delete_schedule",
    "deliver",
    "leave_schedule",
    "pause_schedule",
    "prune_issues",
    "resume_schedule",
    "start_due",
]
