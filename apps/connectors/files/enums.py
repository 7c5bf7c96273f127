"""Words of sources that read files."""

from apps.common.choices import Choice


class Place(Choice):
    """Where the files are."""

    FOLDER = "folder", "Folder on this server"
    BUCKET = "bucket", "S3-compatible bucket"


class FileState(Choice):
    """What became of one version of a file. Only WAITING and CHANGED files are read."""

    WAITING = "waiting", "New"
    CHANGED = "changed", "Changed"
    READING = "reading", "Being read"
    READ = "read", "Read"
    FAILED = "failed", "Could not be read"
    GONE = "gone", "No longer there"


class Content(Choice):
    """What the files hold."""

    AUTO = "auto", "Recognise it from the header"
    BEDROCK = "bedrock_logs", "Amazon Bedrock invocation logs"
    FOCUS = "focus", "FOCUS export"
    AZURE = "azure_cost", "Azure cost export"
    GOOGLE = "google_billing", "Google Cloud billing export"
    COPILOT = "copilot", "GitHub usage report"
    SAVED = "saved", "A saved mapping"
