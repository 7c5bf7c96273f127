"""Words of the change log."""

from apps.common.choices import Choice


class ChangeKind(Choice):
    """What was changed about a capability."""

    RELEASE = "release", "Release"
    PROMPT = "prompt", "Prompt version"
    MODEL = "model", "Model switch"
    CONFIGURATION = "configuration", "Configuration"


class Origin(Choice):
    """Who says so: a person, a program with a key, or the ledger that saw it in usage."""

    HAND = "hand", "By hand"
    API = "api", "By a program"
    LEDGER = "ledger", "Seen in usage"
