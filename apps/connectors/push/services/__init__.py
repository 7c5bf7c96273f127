"""Writes of push: each accepts one body, durably, before the answer."""

from apps.connectors.push.services.otlp import OtlpOutcome, accept_otlp
from apps.connectors.push.services.records import Accepted, accept_usage
from apps.connectors.push.services.retention import forget_expired

__all__ = ["Accepted", "OtlpOutcome", "accept_otlp", "accept_usage", "forget_expired"]
