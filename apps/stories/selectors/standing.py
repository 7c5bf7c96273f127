"""What a story has to reckon with next: an answer that sent it back, a month above its band."""

from dataclasses import dataclass

from apps.approvals import selectors as approvals
from apps.approvals.enums import RejectReason
from apps.approvals.models import ApprovalRequest
from apps.common import clock
from apps.common.periods import month_of
from apps.organizations.selectors import organization
from apps.stories.enums import BandOutcome, StoryStatus
from apps.stories.models import BandExit, BandWarning, TokenStory


@dataclass(frozen=True, slots=True)
class Answer:
    """Who sent a story back or declined it, and why."""

    request: ApprovalRequest
    declined: bool

    @property
    def reason(self) -> str:
        """Why it was declined, from the list; empty where none was chosen."""
        chosen = self.request.closed_reason
        return RejectReason(chosen).label if chosen else ""


def last_answer(story: TokenStory) -> Answer | None:
    """The answer to a story that was sent back or declined and not submitted since."""
    if story.state not in (StoryStatus.CHANGES_REQUESTED, StoryStatus.REJECTED):
        return None
    request = approvals.requests_of_subject("story", story.id).first()
    return Answer(request, story.state is StoryStatus.REJECTED) if request else None


@dataclass(frozen=True, slots=True)
class LeftBand:
    """A month above the approved band that still asks something of somebody."""

    exit: BandExit
    request: ApprovalRequest | None
    words: str


_WORDS = {
    BandOutcome.OPEN: "The people who approved it decide what follows.",
    BandOutcome.AMEND: "Amend the story with measured figures: that was asked for.",
    BandOutcome.RETURN: "Its use is to come back to the estimate.",
}


def left_band(story: TokenStory) -> LeftBand | None:
    """The latest such month; None once a newer version is approved: that has its own band."""
    if story.approved_revision_id is None:
        return None
    found = story.exits.filter(revision_id=story.approved_revision_id).order_by("-month").first()
    words = _WORDS.get(BandOutcome(found.outcome)) if found is not None else None
    if found is None or words is None:
        return None
    request = approvals.requests_of_subject("story_band", story.id).first()
    return LeftBand(found, request, words)


def band_ahead(story: TokenStory) -> BandWarning | None:
    """The warning of the running month; None once it is over, decided about, or a newer version is
    approved."""
    if story.approved_revision_id is None:
        return None
    month = month_of(clock.today(organization().timezone)).start
    found = BandWarning.objects.select_related("story").filter(
        story_id=story.id, revision_id=story.approved_revision_id, month=month
    )
    return None if story.exits.filter(month=month).exists() else found.first()
