"""What the connectors write in the trail."""

from apps.trail.registry import register

SOURCE_ADDED = register("source.added", "Source added")
SOURCE_CHANGED = register("source.changed", "Source changed")
SOURCE_ROLE_CHANGED = register("source.role_changed", "Role of a source changed")
SOURCE_CREDENTIAL_REPLACED = register("source.credential_replaced", "Source credential replaced")
SOURCE_PAUSED = register("source.paused", "Source paused")
SOURCE_RESUMED = register("source.resumed", "Source resumed")
SOURCE_BLOCKED = register("source.blocked", "Source stopped: credential refused")
SOURCE_READ_AGAIN = register("source.read_again", "Source history read again")
SOURCE_SCHEMA_CHANGED = register("source.schema_changed", "Source answers in another shape")
SOURCE_ALARM_ACKNOWLEDGED = register(
    "source.alarm_acknowledged", "Schema alarm of a source acknowledged"
)
LIMITS_CHANGED = register("reconciliation.limits_changed", "Limits of reconciliation changed")
KEY_REVIEWED = register("key.reviewed", "API key reviewed")
ACCOUNT_SAVED = register("account.saved", "Provider account declared or decided about")
ACCOUNT_FORGOTTEN = register("account.forgotten", "Declared provider account taken back")
