"""Words of the approval engine."""

from apps.common.choices import Choice


class RequestStatus(Choice):
    """Where a request is. PENDING is the only open state; the others are final."""

    PENDING = "pending", "Waiting for a decision"
    APPROVED = "approved", "Approved"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"
    REJECTED = "rejected", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
    VOIDED = "voided", "Replaced by a newer revision"


class StepStatus(Choice):
    """Where one step of the route is."""

    WAITING = "waiting", "Not started"
    ACTIVE = "active", "Waiting for a decision"
    APPROVED = "approved", "Approved"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"
    REJECTED = "rejected", "Declined"
    VOIDED = "voided", "Closed without a decision"


class StepMode(Choice):
    """How many of a step's approvers must agree."""

    ANY = "any", "Any one of them"
    ALL = "all", "All of them"
    QUORUM = "quorum", "A fixed number of them"


class Decision(Choice):
    """What a person may answer."""

    APPROVE = "approve", "Approve"
    REQUEST_CHANGES = "request_changes", "Request changes"
    REJECT = "reject", "Decline"


class Act(Choice):
    """What moves a request. Decisions of people, and what the requester and the subject do."""

    APPROVE_STEP = "approve_step", "Approve, more answers needed"
    APPROVE_LAST = "approve_last", "Approve, nothing more needed"
    REQUEST_CHANGES = "request_changes", "Request changes"
    REJECT = "reject", "Decline"
    WITHDRAW = "withdraw", "Withdraw"
    VOID = "void", "Replace by a newer revision"


class AssignmentVia(Choice):
    """Why a person is an approver of a step."""

    ROLE = "role", "Holds the role"
    FALLBACK = "fallback", "Stands in for an empty role"
    ADDED = "added", "Added by an approver"
    DELEGATED = "delegated", "Deputises for somebody absent"


class PartyReason(Choice):
    """Why a person must not decide a request."""

    REQUESTER = "requester", "Asked for it"
    AUTHOR = "author", "Wrote it"
    FUNDER = "funder", "Funds it alone"
    RECUSED = "recused", "Stepped back"
