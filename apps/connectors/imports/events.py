"""What the trail and the workers learn about imports."""

from apps.trail.registry import register

FILE_UPLOADED = register("import.uploaded", "Usage file uploaded")
IMPORT_STARTED = register("import.started", "Usage import started")
IMPORT_FINISHED = register("import.finished", "Usage import finished")
FILE_DELETED = register("import.file_deleted", "Usage file deleted")
MAPPING_SAVED = register("import_mapping.saved", "Import mapping saved")
MAPPING_CHANGED = register("import_mapping.changed", "Import mapping changed")
MAPPING_DELETED = register("import_mapping.deleted", "Import mapping deleted")

CHECK_REQUESTED = "imports.check"
"""Outbox topic: check a file. Payload {"job_id", "generation"}."""
WRITE_REQUESTED = "imports.write"
"""Outbox topic: write a checked file. Payload {"job_id", "generation"}."""
AUTOMATIC_ENDED = "imports.automatic_ended"
"""Outbox topic: an automatic import is done or has stopped. Payload {"job_id"}."""
