"""Tables of the approval engine."""

from apps.approvals.models.answers import (
    ApprovalCondition,
    ApprovalDecision,
    ApprovalQuestion,
    ApprovalUndo,
)
from apps.approvals.models.calendar import (
    ApprovalHoliday,
    ApprovalSettings,
)
from apps.approvals.models.people import (
    ApprovalAssignment,
    ApprovalDelegation,
    ApprovalParty,
)
from apps.approvals.models.policies import (
    ApprovalPolicy,
    ApprovalPolicyVersion,
)
from apps.approvals.models.requests import (
    ApprovalRequest,
    ApprovalStep,
)

__all__ = [
    "ApprovalAssignment",
    "ApprovalCondition",
    "ApprovalDecision",
    "ApprovalDelegation",
    "ApprovalHoliday",
    "ApprovalParty",
    "ApprovalPolicy",
    "ApprovalPolicyVersion",
    "ApprovalQuestion",
    "ApprovalRequest",
    "ApprovalSettings",
    "ApprovalStep",
    "ApprovalUndo",
]
