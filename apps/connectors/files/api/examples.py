"""Examples of sources that read files (`apps.common.api.examples`)."""

from typing import Any

from apps.common.api.examples import request_example

BUCKET: dict[str, Any] = {
    "name": "Cost exports",
    "place": "bucket",
    "endpoint": "https://s3.eu-central-1.amazonaws.com",
    "bucket": "acme-cost-exports",
    "prefix": "focus/",
    "region": "eu-central-1",
    "access_key": "AKIAEXAMPLE",
    "secret": "the-secret-of-that-key",
    "content": "focus",
}
CONNECT = request_example(
    "Connect a bucket", "FOCUS exports, from a day on; no answer shows the secret",
    {**BUCKET, "history_from": "2026-10-01"},
)  # fmt: skip
CHANGE = request_example(
    "Read another prefix", "All fields; without a secret the stored one stays",
    {
        **{name: value for name, value in BUCKET.items() if name != "secret"},
        "version": 1,
        "prefix": "focus/2026/",
    },
)  # fmt: skip
