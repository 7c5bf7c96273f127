"""Warning that a running month is on its way out of the approved band: a forecast, no decision."""

from uuid import UUID

from apps.access.actors import system_actor
from apps.common import fmt
from apps.notifications.services import notify
from apps.organizations.selectors import leads_upwards, organization
from apps.stories import events, rules
from apps.stories.models import BandExit, BandWarning, StoryRevision, TokenStory
from apps.stories.selectors.pace import Pace, paces
from apps.stories.services.band import wrote_it
from apps.tenancy.urls import org_url
from apps.trail.services import record

ACTOR = "stories.watch_bands"


def warn_of_bands() -> int:
    """Warn of every story whose running month is forecast above its band; their number.

    Once a story and month, whatever the forecast does afterwards, and not of a month that is asked
    about already. No approval is asked for: the month is not over.
    """
    rows = TokenStory.objects.select_related("unit", "capability").filter(
        status__in=[state.value for state in rules.UNDER_WAY],
        resume_status="",
        approved_revision_id__isnull=False,
    )
    above = [pace for pace in paces(rows) if pace.is_above]
    if not above:
        return 0
    month, ids = above[0].month.start, [pace.story.id for pace in above]
    known = set(
        BandWarning.objects.filter(month=month, story_id__in=ids).values_list("story_id", flat=True)
    )
    known |= set(
        BandExit.objects.filter(month=month, story_id__in=ids).values_list("story_id", flat=True)
    )
    return sum(_warn(pace) for pace in above if pace.story.id not in known)


def _warn(pace: Pace) -> int:
    story = pace.story
    assert story.approved_revision_id is not None  # noqa: S101 -- filtered above
    row = BandWarning(
        story=story,
        revision_id=story.approved_revision_id,
        month=pace.month.start,
        days=pace.days,
        measured_nanos=pace.measured,
        low_nanos=pace.low,
        likely_nanos=pace.likely,
        high_nanos=pace.high,
        p90_nanos=pace.planned.p90,
    )
    BandWarning.objects.bulk_create([row], ignore_conflicts=True)
    if not BandWarning.objects.filter(id=row.id).exists():
        return 0
    record(
        actor=system_actor(ACTOR),
        action=events.BAND_WARNED,
        obj=story,
        after={
            "month": str(pace.month),
            "likely_nanos": pace.likely,
            "p90_nanos": pace.planned.p90,
        },
    )
    notify(
        recipients=_people(story),
        kind="story.band_ahead",
        key=f"band-ahead:{row.id}",
        title=f"{story.ref} {story.title} is on course to leave its approved band",
        body=words(row),
        path=org_url(organization().slug, "stories:detail", ref=story.ref) + "?tab=measured",
    )
    return 1


def _people(story: TokenStory) -> set[UUID]:
    """Who wrote it, who owns the capability, and the nearest leads of its team."""
    assert story.approved_revision_id is not None  # noqa: S101 -- filtered above
    found = set(wrote_it(story, StoryRevision.objects.get(id=story.approved_revision_id)))
    if story.capability is not None and story.capability.owner_membership_id is not None:
        found.add(story.capability.owner_membership_id)
    for people in leads_upwards(story.unit_id)[:1]:
        found |= {person.id for person in people}
    return found


def words(row: BandWarning) -> str:
    """What is forecast, from how much, against what: and that it is a forecast."""

    def money(nanos: int) -> str:
        return fmt.money(nanos, row.story.currency, "exact")

    month = f"{row.month:%B %Y}"
    if row.measured_nanos > row.p90_nanos:
        start = (
            f"{month} has cost {money(row.measured_nanos)} in {fmt.plural(row.days, 'day')}, above "
            f"the {money(row.p90_nanos)} that its approved estimate reaches at P90 for the month."
        )
    else:
        start = (
            f"At the pace of the last weeks {month} ends at about {money(row.likely_nanos)}; its "
            f"approved estimate reaches {money(row.p90_nanos)} at P90."
        )
    return (
        f"{start} Forecast from {fmt.plural(row.days, 'complete day')} of the month: between "
        f"{money(row.low_nanos)} and {money(row.high_nanos)} in four of five cases. Nothing is "
        "decided or stopped: if the month ends above, the people who approved it are asked."
    )
