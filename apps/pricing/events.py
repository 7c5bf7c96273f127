"""What the trail and other apps learn about prices."""

from apps.trail.registry import register

RATE_NEGOTIATED = register("price.rate_added", "Negotiated rate added")
RATE_CHANGED = register("price.rate_changed", "Negotiated rate changed")
RATE_ENDED = register("price.rate_ended", "Negotiated rate ended")
RATE_WITHDRAWN = register("price.rate_withdrawn", "Negotiated rate withdrawn before it began")

STANDING_CHANGED = register("model.standing_changed", "Standing of a model changed")

PRICES_CHANGED = "prices.changed"
"""Outbox topic: negotiated rates moved; payload {"version": n}. Nothing is repriced silently."""
