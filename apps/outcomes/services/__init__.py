"""Writes of outcomes."""

from apps.outcomes.services.decide import may_decide, record_decision
from apps.outcomes.services.reviews import remind_reviews

__all__ = ["may_decide", "record_decision", "remind_reviews"]
