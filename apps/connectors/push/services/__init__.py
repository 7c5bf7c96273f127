"""Writes of push: each accepts one body, durably, before the answer."""

from apps.connectors.push.services.otlp import OtlpOutcome, accept_otlp
from apps.connectors.push.services.payloads import accept_cloudevents, accept_litellm
from apps.connectors.push.services.records import Accepted, accept_usage
from apps.connectors.push.services.retention import forget_expired

__all__ = [
    "Accepted",
    "OtlpOutcome",
    "accept_cloudevents",
    "accept_litellm",
    "accept_otlp",
    "accept_usage",
    "forget_expired",
]
