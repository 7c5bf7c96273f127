"""Two-week sprints of a few teams: some are over, one is running, some are to come."""

import datetime as dt

from apps.access.roles import Role
from apps.common import clock
from apps.sprints import rules, services
from apps.sprints.models import Sprint
from apps.stories.models import TokenStory
from tokenops.demo.organization import Demo

TEAMS = 4
BEFORE, AFTER = 4, 2
"""Sprints that are over, and those to come."""


def ensure_sprints(demo: Demo, now: dt.datetime) -> None:
    """Inside the organization's scope, after the stories: their teams keep a calendar."""
    if Sprint.objects.exists():
        return
    actor = demo.role(Role.TOKENOPS_LEAD)
    monday = now.date() - dt.timedelta(days=now.weekday())
    first = monday - dt.timedelta(weeks=2 * BEFORE)
    approved = TokenStory.objects.filter(approved_revision_id__isnull=False).order_by("number")
    for unit_id in list(dict.fromkeys(approved.values_list("unit_id", flat=True)))[:TEAMS]:
        with clock.at(now - dt.timedelta(weeks=2 * BEFORE + 1)):
            made = services.add_sprints(
                actor=actor,
                unit_id=unit_id,
                wanted=rules.series(first, BEFORE + 1 + AFTER, 2, "Sprint", 1),
            )
        running = made[BEFORE]
        services.change_sprint(
            actor=actor,
            sprint_id=running.id,
            version=running.version,
            name=running.name,
            starts_on=running.starts_on,
            ends_on=running.ends_on,
            goal="Shorter prompts, same answers",
        )
