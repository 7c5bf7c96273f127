"""Changes of the approval engine: one module per use case."""

from apps.approvals.services.automatic import review_sample, settle_request
from apps.approvals.services.bulk import BulkAnswer, BulkResult, decide_many
from apps.approvals.services.calendar import add_holidays, change_calendar, remove_holiday
from apps.approvals.services.conditions import Asked, meet_condition, waive_condition
from apps.approvals.services.deadlines import run_deadlines
from apps.approvals.services.decisions import Receipt, decide
from apps.approvals.services.delegations import create_delegation, revoke_delegation
from apps.approvals.services.people import add_approver, delegate_request, recuse
from apps.approvals.services.policies import change_policy, create_policy, ensure_default_policy
from apps.approvals.services.questions import answer_question, ask_question, may_answer
from apps.approvals.services.requests import open_request, void_open_request, withdraw
from apps.approvals.services.steps import refresh_open_steps
from apps.approvals.services.undo import can_undo, undo_decision

__all__ = [
    "Asked",
    "BulkAnswer",
    "BulkResult",
    "Receipt",
    "add_approver",
    "add_holidays",
    "answer_question",
    "ask_question",
    "can_undo",
    "change_calendar",
    "change_policy",
    "create_delegation",
    "create_policy",
    "decide",
    "decide_many",
    "delegate_request",
    "ensure_default_policy",
    "may_answer",
    "meet_condition",
    "open_request",
    "recuse",
    "refresh_open_steps",
    "remove_holiday",
    "review_sample",
    "revoke_delegation",
    "run_deadlines",
    "settle_request",
    "undo_decision",
    "void_open_request",
    "waive_condition",
    "withdraw",
]
