"""Token Stories, what the organization sets about them, and what becomes of them."""

from apps.stories.models.after import (
    BandExit,
    BandWarning,
    ImportedRow,
    Initiative,
    ValueReport,
)
from apps.stories.models.settings import (
    DesignChecklist,
    EstimatingSettings,
    StoryTemplate,
)
from apps.stories.models.stories import (
    PLAN_FIELDS,
    PhaseEstimate,
    Plan,
    StoryCounter,
    StoryDraft,
    StoryRevision,
    TokenStory,
)

__all__ = [
    "PLAN_FIELDS",
    "BandExit",
    "BandWarning",
    "DesignChecklist",
    "EstimatingSettings",
    "ImportedRow",
    "Initiative",
    "PhaseEstimate",
    "Plan",
    "StoryCounter",
    "StoryDraft",
    "StoryRevision",
    "StoryTemplate",
    "TokenStory",
    "ValueReport",
]
