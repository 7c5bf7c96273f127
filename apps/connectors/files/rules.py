"""Which files of a place are data, and which belong together. Pure.

A provider's export is often written in parts, and written again while the month goes on: the parts
of one billing period are a *collection* and are read as one file. Invocation logs are events: each
file stands for itself, and many small ones are read in one go.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

DATA = (".csv", ".csv.gz", ".tsv", ".parquet", ".json", ".json.gz", ".jsonl", ".jsonl.gz")
BUNDLE_FILES, BUNDLE_BYTES = 2_000, 64 * 1024 * 1024
SETTLE = timedelta(hours=6)
"""Parts without the manifest that others have are taken for complete after this time."""
_LOG = "BedrockModelInvocationLogs"
_PART = re.compile(r"(^|[-_.])part[-_]?\d+|[-_]\d{4,5}\.(snappy\.)?(parquet|csv)", re.IGNORECASE)
_PERIOD = re.compile(r"^(\d{8}-\d{8}|BILLING_PERIOD=[\d-]+|\d{6,8})$", re.IGNORECASE)
_HIDDEN = re.compile(r"(^|/)[._]")


@dataclass(frozen=True, slots=True)
class Found:
    """One file of a place. `etag` changes whenever the content does."""

    key: str
    etag: str
    size: int
    modified_at: datetime


@dataclass(slots=True)
class Listing:
    """Data files, the manifests beside them, and how many files are neither."""

    files: list[Found] = field(default_factory=list)
    manifests: set[str] = field(default_factory=set)
    ignored: int = 0

    def add(self, found: Found) -> None:
        """Sort one file of the place in."""
        if is_manifest(found.key):
            self.manifests.add(folder_of(found.key))
        elif is_data(found):
            self.files.append(found)
        else:
            self.ignored += 1


def is_manifest(key: str) -> bool:
    """`manifest.json` (Azure) and `…-Manifest.json` (AWS) say that an export is whole."""
    return key.lower().endswith("manifest.json")


def is_data(found: Found) -> bool:
    """Whether a file holds rows. Bodies that Bedrock keeps in files of their own are left out."""
    key = found.key
    if not found.size or key.endswith("/") or _HIDDEN.search(key):
        return False
    if _LOG in key and ("/data/" in key or key.endswith("permission-check")):
        return False
    return key.lower().endswith(DATA)


def is_log(key: str, content: str) -> bool:
    """Whether a file holds events: invocation logs by their path, or because a person says so."""
    return content == "bedrock_logs" or (content == "auto" and f"/{_LOG}/" in f"/{key}")


def folder_of(key: str) -> str:
    return key.rpartition("/")[0]


def collection_of(key: str, content: str) -> str:
    """What a file is part of: its billing period, its folder of parts, or itself; "" for events."""
    if is_log(key, content):
        return ""
    folders = folder_of(key).split("/") if "/" in key else []
    for depth, name in enumerate(folders):
        if _PERIOD.match(name):
            return "/".join(folders[: depth + 1])[-255:]
    if folders and _PART.search(key.rpartition("/")[2]):
        return "/".join(folders)[-255:]
    return key[-255:]


def newest_delivery(files: Iterable[Found], manifests: set[str], now: datetime) -> list[Found]:
    """The files of a collection that count: those of its newest complete folder.

    Azure writes each run of an export into a folder of its own, and its manifest last.
    """
    folders: dict[str, list[Found]] = {}
    for found in files:
        folders.setdefault(folder_of(found.key), []).append(found)
    if len(folders) == 1 and not manifests & set(folders):
        return sorted(next(iter(folders.values())), key=lambda f: f.key)
    complete = {
        name: members
        for name, members in folders.items()
        if name in manifests or max(f.modified_at for f in members) < now - SETTLE
    }
    if not complete:
        return []
    newest = max(complete, key=lambda name: (max(f.modified_at for f in complete[name]), name))
    return sorted(complete[newest], key=lambda f: f.key)


def bundles(files: Iterable[Found]) -> list[list[Found]]:
    """Event files in reading order, cut so that one import stays small."""
    cut: list[list[Found]] = []
    size = 0
    for found in sorted(files, key=lambda f: (f.modified_at, f.key)):
        full = not cut or len(cut[-1]) >= BUNDLE_FILES or size + found.size > BUNDLE_BYTES
        if full:
            cut.append([])
            size = 0
        cut[-1].append(found)
        size += found.size
    return cut
