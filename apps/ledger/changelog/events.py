"""What the change log writes in the trail."""

from apps.trail.registry import register

RECORDED = register("change.recorded", "Change recorded")
CORRECTED = register("change.corrected", "Recorded change corrected")
WITHDRAWN = register("change.withdrawn", "Recorded change withdrawn")
