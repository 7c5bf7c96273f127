"""What can be done with a Token Story: one module per use case."""

from apps.stories.services.design import change_design_checklist
from apps.stories.services.drafts import amend, create_draft, discard, save_draft
from apps.stories.services.importing import ImportResult, import_stories, preview_import
from apps.stories.services.lifecycle import close, go_live, start_delivery, true_up, withdraw
from apps.stories.services.plan import PlanInput
from apps.stories.services.settings import (
    change_reapproval,
    change_references,
    change_sizes,
    change_value_policy,
)
from apps.stories.services.submit import submit
from apps.stories.services.supersede import supersede
from apps.stories.services.templates import (
    change_template,
    create_template,
    restore_template,
    retire_template,
    save_as_template,
)
from apps.stories.services.value import report_value

__all__ = [
    "ImportResult",
    "PlanInput",
    "amend",
    "change_design_checklist",
    "change_reapproval",
    "change_references",
    "change_sizes",
    "change_template",
    "change_value_policy",
    "close",
    "create_draft",
    "create_template",
    "discard",
    "go_live",
    "import_stories",
    "preview_import",
    "report_value",
    "restore_template",
    "retire_template",
    "save_as_template",
    "save_draft",
    "start_delivery",
    "submit",
    "supersede",
    "true_up",
    "withdraw",
]
