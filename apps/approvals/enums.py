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
    AUTO_APPROVE = "auto_approve", "Approve by rule"
    CHANGE_PEOPLE = "change_people", "Delegate, add an approver, step back"
    RETRACT = "retract", "Undo an answer, still open"
    REOPEN = "reopen", "Undo the answer that closed it"


class Lane(Choice):
    """Who decides: people on a route, the rule itself, or nobody again (`WITHIN`): the change
    stays within what was approved, says its subject.
    """

    PEOPLE = "people", "Decided by people"
    AUTO = "auto", "Approved by rule"
    WITHIN = "within", "Within an approval"


BY_RULE = frozenset({Lane.AUTO, Lane.WITHIN})
"""Lanes without people: their requests are settled in the transaction that opens them."""


class SampleStatus(Choice):
    """Whether somebody looks at an automatic approval afterwards."""

    NONE = "none", "Not sampled"
    DUE = "due", "To be looked at"
    CONFIRMED = "confirmed", "Looked at, agreed"
    OBJECTED = "objected", "Looked at, objected"


class RejectReason(Choice):
    """Why a request was declined, for the metrics. The note says it in words."""

    NO_VALUE = "no_value", "The value is not shown"
    TOO_EXPENSIVE = "too_expensive", "It costs too much"
    WRONG_MODEL = "wrong_model", "The model or design does not fit"
    DATA_RISK = "data_risk", "The data may not be used like this"
    DUPLICATE = "duplicate", "Something else does it already"
    NOT_NOW = "not_now", "Not now"
    OTHER = "other", "Another reason"


class ConditionStatus(Choice):
    """Where a condition of an approval is. DROPPED: its approval was undone."""

    OPEN = "open", "Open"
    MET = "met", "Met"
    WAIVED = "waived", "Waived"
    DROPPED = "dropped", "Dropped with its approval"


class DelegationKind(Choice):
    """Why somebody deputises."""

    DELEGATION = "delegation", "Delegation"
    ABSENCE = "absence", "Out of office"


class AssignmentVia(Choice):
    """Why a person is an approver of a step."""

    ROLE = "role", "Holds the role"
    FALLBACK = "fallback", "Stands in for an empty role"
    ADDED = "added", "Added by an approver"
    DELEGATED = "delegated", "Deputises for somebody"
    ESCALATED = "escalated", "Stepped in after the due time"


class PartyReason(Choice):
    """Why a person must not decide a request."""

    REQUESTER = "requester", "Asked for it"
    AUTHOR = "author", "Wrote it"
    FUNDER = "funder", "Funds it alone"
    RECUSED = "recused", "Stepped back"
