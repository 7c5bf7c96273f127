"""What the trail learns about data-quality alerts."""

from apps.trail.registry import register

OPENED = register("quality.opened", "Data-quality alert raised")
ACKNOWLEDGED = register("quality.acknowledged", "Data-quality alert acknowledged")
THRESHOLD = register("quality.growth_threshold", "Growth threshold changed")
RESOLVED = register("quality.resolved", "Data-quality alert resolved")
