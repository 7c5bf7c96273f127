"""Examples of the import endpoints (`apps.common.api.examples`)."""

from typing import Any

from apps.common.api.examples import request_example

MAPPING: dict[str, Any] = {
    "columns": {
        "time": "occurred_at",
        "key": "api_key",
        "input": "input_total",
        "output": "output",
    },
    "constants": {"provider": "openai", "model": "gpt-4.1"},
}
UPLOAD = request_example(
    "Upload a table", "CSV, plain or gzip; its columns are guessed",
    {
        "file": "time,key,input,output\n"
        "2026-11-01T10:00:00Z,claims-nightly,5200,640\n"
        "2026-11-01T11:00:00Z,claims-nightly,4100,380\n"
    },
    media_type="multipart/form-data",
)  # fmt: skip
MAP = request_example(
    "Say what its columns mean", "A worker then checks every row and writes nothing",
    {"mapping": MAPPING, "source_name": "Gateway export"},
)  # fmt: skip
USE = request_example("Use a saved mapping", "By its id", {"saved": "MAPPING-ID"})
SAVE = request_example(
    "Keep a mapping", "Files with the same columns take it by themselves",
    {"name": "Gateway", "mapping": MAPPING, "source_name": "Gateway export"},
)  # fmt: skip
CHANGE = request_example(
    "Change a mapping", "All of its fields, at the version that was read",
    {
        "version": 1,
        "name": "Gateway",
        "mapping": {**MAPPING, "granularity": "hour"},
        "source_name": "Gateway export",
    },
)  # fmt: skip
