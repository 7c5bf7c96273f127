"""Writes of the CSV import."""

from apps.connectors.imports.services.automatic import automatic_import
from apps.connectors.imports.services.checking import check_slice
from apps.connectors.imports.services.mappings import map_columns
from apps.connectors.imports.services.saving import (
    apply_mapping,
    change_mapping,
    delete_mapping,
    save_mapping,
    save_mapping_of,
    suggestion,
)
from apps.connectors.imports.services.upload import upload_file
from apps.connectors.imports.services.writing import (
    delete_file,
    start_import,
    stop_job,
    write_slice,
)

__all__ = [
    "apply_mapping",
    "automatic_import",
    "change_mapping",
    "check_slice",
    "delete_file",
    "delete_mapping",
    "map_columns",
    "save_mapping",
    "save_mapping_of",
    "start_import",
    "stop_job",
    "suggestion",
    "upload_file",
    "write_slice",
]
