from django.apps import AppConfig


class SourceFilesConfig(AppConfig):
    """Sources that read files from a folder or a bucket."""

    name = "apps.connectors.files"
    label = "source_files"
