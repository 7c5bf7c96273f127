"""Changes of the approval engine: one module per use case."""

from apps.approvals.services.decisions import Receipt, decide
from apps.approvals.services.policies import change_policy, ensure_default_policy
from apps.approvals.services.requests import open_request, void_open_request, withdraw
from apps.approvals.services.steps import refresh_open_steps

__all__ = [
    "Receipt",
    "change_policy",
    "decide",
    "ensure_default_policy",
    "open_request",
    "refresh_open_steps",
    "void_open_request",
    "withdraw",
]
