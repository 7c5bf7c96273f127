"""What can be done with a Token Story: one module per use case."""

from apps.stories.services.drafts import amend, create_draft, discard, save_draft
from apps.stories.services.lifecycle import close, go_live, start_delivery, true_up, withdraw
from apps.stories.services.plan import PlanInput
from apps.stories.services.submit import submit

__all__ = [
    "PlanInput",
    "amend",
    "close",
    "create_draft",
    "discard",
    "go_live",
    "save_draft",
    "start_delivery",
    "submit",
    "true_up",
    "withdraw",
]
