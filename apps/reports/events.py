"""What reports write in the trail, and their outbox topic."""

from apps.trail.registry import register

TOPIC = "report.deliver"

SCHEDULED = register("report.scheduled", "Report scheduled")
CHANGED = register("report.changed", "Scheduled report changed")
PAUSED = register("report.paused", "Scheduled report paused")
RESUMED = register("report.resumed", "Scheduled report resumed")
DELETED = register("report.deleted", "Scheduled report deleted")
LEFT = register("report.left", "Recipient left a scheduled report")
ISSUED = register("report.issued", "Report sent to its recipients")
