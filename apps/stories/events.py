"""What stories write in the trail. The names are stored: never change one."""

from apps.stories.enums import Act
from apps.trail.registry import register

DRAFTED = register("story.drafted", "Token Story drafted")
SAVED = register("story.saved", "Token Story draft changed")
SUBMITTED = register("story.submitted", "Token Story submitted")
REVIEW_STARTED = register("story.review_started", "Token Story review started")
APPROVED = register("story.approved", "Token Story approved")
REJECTED = register("story.rejected", "Token Story declined")
CHANGES_REQUESTED = register("story.changes_requested", "Changes to a Token Story requested")
WITHDRAWN = register("story.withdrawn", "Token Story withdrawn")
AMENDED = register("story.amended", "Token Story opened for amendment")
DISCARDED = register("story.amendment_discarded", "Token Story amendment discarded")
DELIVERY_STARTED = register("story.delivery_started", "Token Story delivery started")
WENT_LIVE = register("story.went_live", "Token Story live")
TRUED_UP = register("story.trued_up", "Token Story trued up")
ANSWER_UNDONE = register("story.answer_undone", "Answer about a Token Story undone")
CLOSED = register("story.closed", "Token Story closed")
VALUE_REPORTED = register("story.value_reported", "Value of a Token Story reported")
SUPERSEDED = register("story.superseded", "Token Story superseded")
LEFT_BAND = register("story.left_band", "Token Story above its approved band")
OVER_BUDGET = register("story.over_budget", "Token Story over its budget")
BAND_WARNED = register("story.band_warned", "Token Story forecast above its approved band")
BAND_DECIDED = register("story.band_decided", "Use above the approved band decided")
INITIATIVES_IMPORTED = register("story.initiatives_imported", "Initiatives imported")
SIZES_CHANGED = register("estimating.sizes_changed", "Size bands changed")
REFERENCES_CHANGED = register("estimating.references_changed", "Reference bands changed")
DESIGN_REVIEW_CHANGED = register("design_review.changed", "Design review changed")
VALUE_POLICY_CHANGED = register(
    "estimating.value_policy_changed", "Amount for a mandatory value hypothesis changed"
)
REAPPROVAL_CHANGED = register(
    "estimating.reapproval_changed", "Share that amounts may move without a new decision changed"
)
TEMPLATE_SAVED = register("story_template.saved", "Story template saved")
TEMPLATE_CHANGED = register("story_template.changed", "Story template changed")
TEMPLATE_RETIRED = register("story_template.retired", "Story template retired")
TEMPLATE_RESTORED = register("story_template.restored", "Story template brought back")
IMPORTED = register("story.imported", "Token Stories imported")

DID = {
    DRAFTED: "drafted the story",
    SAVED: "changed the draft",
    SUBMITTED: "submitted the story",
    REVIEW_STARTED: "started the review",
    APPROVED: "approved the story",
    REJECTED: "declined the story",
    CHANGES_REQUESTED: "asked for changes",
    WITHDRAWN: "withdrew the story",
    AMENDED: "opened the story for amendment",
    DISCARDED: "discarded the amendment",
    DELIVERY_STARTED: "started delivery",
    WENT_LIVE: "marked the story as live",
    TRUED_UP: "trued up the story",
    ANSWER_UNDONE: "undid an answer",
    CLOSED: "closed the story",
    VALUE_REPORTED: "reported the value",
    SUPERSEDED: "replaced the story",
    LEFT_BAND: "saw use above the approved band",
    OVER_BUDGET: "saw use over its budget",
    BAND_WARNED: "forecast use above the approved band",
    BAND_DECIDED: "decided about use above the approved band",
}
"""What somebody did, after their name. Other events of a story are told by their label."""

OF_ACT = {
    Act.SAVE: SAVED,
    Act.SUBMIT: SUBMITTED,
    Act.START_REVIEW: REVIEW_STARTED,
    Act.APPROVE: APPROVED,
    Act.REJECT: REJECTED,
    Act.REQUEST_CHANGES: CHANGES_REQUESTED,
    Act.WITHDRAW: WITHDRAWN,
    Act.AMEND: AMENDED,
    Act.DISCARD: DISCARDED,
    Act.START_DELIVERY: DELIVERY_STARTED,
    Act.GO_LIVE: WENT_LIVE,
    Act.TRUE_UP: TRUED_UP,
    Act.CLOSE: CLOSED,
    Act.SUPERSEDE: SUPERSEDED,
}
