"""Reading a folder of this server: only below the folders that the operator listed.

An organization reads below its own folder, `<listed folder>/<its short name>`. Every step of a path
is opened without following links, so that no link leads out, whoever puts it there and when.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Protocol

from django.conf import settings

from apps.common.errors import Invalid
from apps.connectors.files.rules import Found
from apps.connectors.providers.errors import ProviderError

PIECE = 1024 * 1024
MAX_DEPTH = 12
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


class Reader(Protocol):
    """A place that lists and reads files."""

    def listing(self) -> Iterator[Found]:
        """Every file, in any order."""
        ...

    def read(self, found: Found) -> Iterator[bytes]:
        """The bytes of exactly that version. ProviderError when it changed or cannot be read."""
        ...

    def close(self) -> None: ...


def relative(folder: str) -> str:
    """A folder as it is stored: relative, without steps up. Raises Invalid."""
    parts = PurePosixPath(folder.strip().strip("/")).parts
    if any(part in {"..", "."} or "\x00" in part for part in parts) or len(parts) > MAX_DEPTH:
        raise Invalid(
            "The folder leads out of the organization’s folder.",
            field="folder",
            fix="Write it relative, like exports/azure.",
        )
    return "/".join(parts)


def base_of(slug: str, folder: str) -> tuple[str, list[str]]:
    """The listed folder that has the organization's one, and the steps below it."""
    steps = [slug, *[part for part in folder.split("/") if part]]
    for base in settings.IMPORT_FOLDERS:
        try:
            with _opened(base, steps):
                return base, steps
        except OSError:
            continue
    raise ProviderError(
        f"There is no folder {'/'.join(steps)} below the folders that may be read.",
        code="no_folder",
    )


class Folder:
    """A folder and what is below it."""

    def __init__(self, slug: str, folder: str) -> None:
        self._base, self._steps = base_of(slug, folder)

    def listing(self) -> Iterator[Found]:
        with _opened(self._base, self._steps) as top:
            yield from self._below(top, "", 0)

    def _below(self, folder: int, prefix: str, depth: int) -> Iterator[Found]:
        for name in sorted(os.listdir(folder)):
            try:
                found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISREG(found.st_mode):
                yield _found(f"{prefix}{name}", found)
            elif stat.S_ISDIR(found.st_mode) and depth < MAX_DEPTH:
                try:
                    inner = os.open(name, _DIRECTORY, dir_fd=folder)
                except OSError:
                    continue
                try:
                    yield from self._below(inner, f"{prefix}{name}/", depth + 1)
                finally:
                    os.close(inner)

    def read(self, found: Found) -> Iterator[bytes]:
        *folders, name = found.key.split("/")
        try:
            with _opened(self._base, [*self._steps, *folders]) as folder:
                handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
        except OSError as error:
            raise ProviderError(f"{found.key} cannot be read.", code="unreadable") from error
        with os.fdopen(handle, "rb") as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode) or _found(found.key, state).etag != found.etag:
                raise ProviderError(f"{found.key} changed while it was read.", code="changed")
            while piece := file.read(PIECE):
                yield piece

    def close(self) -> None:
        """Nothing stays open."""


def _found(key: str, state: os.stat_result) -> Found:
    modified = datetime.fromtimestamp(state.st_mtime, UTC)
    return Found(key, f"{state.st_mtime_ns:x}-{state.st_ino:x}", state.st_size, modified)


@contextmanager
def _opened(base: str, steps: list[str]) -> Iterator[int]:
    """The folder at the end of the steps, each opened without following a link."""
    handle = os.open(base, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for step in steps:
            inner = os.open(step, _DIRECTORY, dir_fd=handle)
            os.close(handle)
            handle = inner
        yield handle
    finally:
        os.close(handle)
