"""What saved views write in the trail: only what others see."""

from apps.trail.registry import register

VIEW_SHARED = register("saved_view.shared", "View shared")
SHARED_VIEW_DELETED = register("saved_view.deleted", "Shared view deleted")
