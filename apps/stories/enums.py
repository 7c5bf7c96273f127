"""Words of Token Stories."""

from apps.common.choices import Choice


class StoryStatus(Choice):
    """Where a story is in its life. The order is the order of the life."""

    DRAFT = "draft", "Draft"
    SUBMITTED = "submitted", "Submitted"
    IN_REVIEW = "in_review", "In review"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"
    REJECTED = "rejected", "Declined"
    APPROVED = "approved", "Approved"
    IN_DELIVERY = "in_delivery", "In delivery"
    LIVE = "live", "Live"
    TRUED_UP = "trued_up", "Trued up"
    CLOSED = "closed", "Closed"
    WITHDRAWN = "withdrawn", "Withdrawn"
    SUPERSEDED = "superseded", "Superseded"


class Act(Choice):
    """What moves a story. Decisions arrive from the approval engine, the rest from people."""

    SAVE = "save", "Save the draft"
    SUBMIT = "submit", "Submit"
    START_REVIEW = "start_review", "First answer given"
    APPROVE = "approve", "Approve"
    REJECT = "reject", "Decline"
    REQUEST_CHANGES = "request_changes", "Request changes"
    WITHDRAW = "withdraw", "Withdraw"
    AMEND = "amend", "Amend"
    DISCARD = "discard", "Discard the amendment"
    START_DELIVERY = "start_delivery", "Start delivery"
    GO_LIVE = "go_live", "Mark as live"
    TRUE_UP = "true_up", "True up"
    CLOSE = "close", "Close"
    SUPERSEDE = "supersede", "Supersede"


class Phase(Choice):
    """Where tokens of a story are spent."""

    DEVELOPMENT = "development", "Development"
    TESTING = "testing", "Testing"
    PRODUCTION = "production", "Production"


class Pattern(Choice):
    """How a capability uses models: decides its usual tokens an interaction, and its template."""

    CHATBOT = "chatbot", "Chatbot"
    RETRIEVAL = "retrieval", "Retrieval assistant"
    AGENT = "agent", "Agent"
    DOCUMENTS = "documents", "Document pipeline"
    CODING = "coding", "Coding assistant"
    ANALYTICS = "analytics", "Conversational analytics"


class Confidence(Choice):
    """How sure the author is of a value hypothesis."""

    LOW = "low", "Low: an idea"
    MEDIUM = "medium", "Medium: a pilot or a comparable case"
    HIGH = "high", "High: measured before"


class ValuePer(Choice):
    """What one unit of change is counted for."""

    INTERACTION = "interaction", "per interaction"
    MONTH = "month", "a month, in total"


class ValueOutcome(Choice):
    """What a measurement says about a value hypothesis (`worth.outcome_of`)."""

    PROVEN = "proven", "Proven"
    PARTLY = "partly", "Partly proven"
    DISPROVEN = "disproven", "Disproven"


class BandCause(Choice):
    """What of the approval a month left."""

    BAND = "band", "Above the approved band"
    BUDGET = "budget", "Over its budget"


class BandOutcome(Choice):
    """What was decided about a month that left what was approved. DROPPED: nothing, because a later
    month was asked about or the story ended."""

    OPEN = "open", "Waiting for a decision"
    ACCEPTED = "accepted", "Accepted as it is"
    AMEND = "amend", "To be amended"
    RETURN = "return", "To be brought back"
    DROPPED = "dropped", "Not decided"
