"""Writes of the CSV import."""

from apps.connectors.imports.services.checking import check_slice
from apps.connectors.imports.services.mappings import map_columns
from apps.connectors.imports.services.upload import upload_file
from apps.connectors.imports.services.writing import (
    delete_file,
    start_import,
    stop_job,
    write_slice,
)

__all__ = [
    "check_slice",
    "delete_file",
    "map_columns",
    "start_import",
    "stop_job",
    "upload_file",
    "write_slice",
]
