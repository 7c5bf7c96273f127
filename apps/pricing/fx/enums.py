"""Where an exchange rate comes from, and how far an uploaded file is."""

from apps.common.choices import Choice


class Origin(Choice):
    """`IMPORTED`: from a published table. `MANUAL`: entered by a person."""

    IMPORTED = "imported", "Imported"
    MANUAL = "manual", "Entered"


class FileState(Choice):
    """A file shows its preview until it is applied or discarded."""

    PREVIEW = "preview", "Preview"
    APPLIED = "applied", "Applied"
    DISCARDED = "discarded", "Discarded"
