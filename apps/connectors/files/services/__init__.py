"""Writes of sources that read files."""

from apps.connectors.files.services.reading import read_source
from apps.connectors.files.services.settings import Where, change_files, connect_files
from apps.connectors.files.services.settling import read_files_again, settle_import

__all__ = [
    "Where",
    "change_files",
    "connect_files",
    "read_files_again",
    "read_source",
    "settle_import",
]
