"""What a file really is, whom a text mentions, what a link is. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from uuid import UUID

MOST_BYTES = 10 * 1024 * 1024
MOST_TEXT = 8_000
MOST_FILES = 50


class Refused(ValueError):
    """The file or link may not be kept; the text says why and what to do."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: how its bytes begin, and the type it is sent with."""

    content_type: str
    begins: bytes


_ZIP = b"PK\x03\x04"
_OFFICE = "application/vnd.openxmlformats-officedocument"
KINDS: Mapping[str, Kind] = {
    "pdf": Kind("application/pdf", b"%PDF-"),
    "png": Kind("image/png", b"\x89PNG\r\n\x1a\n"),
    "jpg": Kind("image/jpeg", b"\xff\xd8\xff"),
    "jpeg": Kind("image/jpeg", b"\xff\xd8\xff"),
    "docx": Kind(f"{_OFFICE}.wordprocessingml.document", _ZIP),
    "xlsx": Kind(f"{_OFFICE}.spreadsheetml.sheet", _ZIP),
    "pptx": Kind(f"{_OFFICE}.presentationml.presentation", _ZIP),
    "csv": Kind("text/csv; charset=utf-8", b""),
    "txt": Kind("text/plain; charset=utf-8", b""),
    "md": Kind("text/markdown; charset=utf-8", b""),
    "json": Kind("application/json", b""),
}
"""By ending. An empty beginning stands for UTF-8 text without control characters."""

_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\/:*?\"<>|\u202a-\u202e\u2066-\u2069]")


def clean_name(name: str) -> str:
    """The last part of a path without characters that a file system or a reader trips over."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    cleaned = " ".join(_UNSAFE.sub("_", last).split()).strip(". ")
    return cleaned[-200:] or "file"


def kind_of(name: str, data: bytes) -> Kind:
    """The file's kind by its ending, held against its bytes. Raises Refused."""
    if not data:
        raise Refused("The file is empty.", "Choose another file.")
    if len(data) > MOST_BYTES:
        raise Refused("The file is larger than 10 MiB.", "Attach a smaller one, or link to it.")
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    kind = KINDS.get(ending)
    if kind is None:
        known = ", ".join(sorted(KINDS))
        raise Refused("This kind of file is not accepted.", f"Attach one of: {known}.")
    if kind.begins:
        if not data.startswith(kind.begins):
            raise Refused(f"This is no {ending} file.", "Save it again in the kind its name says.")
        return kind
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("The text is not UTF-8.", "Save it as UTF-8.") from None
    if _CONTROL.search(data):
        raise Refused("This is no text.", "Save it again in the kind its name says.")
    return kind


def mentioned(text: str, people: Iterable[tuple[UUID, str, str]]) -> set[UUID]:
    """Whom a text mentions: `@` and a name or e-mail address, in any case, the longest first.

    `people`: membership id, name, e-mail address. A name that goes on with a letter or digit is
    somebody else's.
    """
    lowered = text.casefold()
    marks = [
        (word.casefold(), who) for who, name, email in people for word in (name, email) if word
    ]
    marks.sort(key=lambda pair: -len(pair[0]))
    found: set[UUID] = set()
    for match in re.finditer("@", lowered):
        rest = lowered[match.end() :]
        for word, who in marks:
            if rest.startswith(word) and not rest[len(word) : len(word) + 1].isalnum():
                found.add(who)
                break
    return found


@dataclass(frozen=True, slots=True)
class Item:
    """A work item as its address tells."""

    url: str
    label: str
    tracker: str


_PATTERNS = (
    ("github", re.compile(r"^/([^/]+/[^/]+)/(?:issues|pull)/(\d+)"), "{0}#{1}"),
    ("gitlab", re.compile(r"^/(.+?)/-/(?:issues|work_items)/(\d+)"), "{0}#{1}"),
    ("gitlab", re.compile(r"^/(.+?)/-/merge_requests/(\d+)"), "{0}!{1}"),
    ("jira", re.compile(r"^/browse/([A-Z][A-Z0-9_]+-\d+)"), "{0}"),
)


def work_item(raw: str, label: str = "") -> Item:
    """The tracker and short name of an address. Raises Refused for what is no https address."""
    url = raw.strip()
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password:
        raise Refused("This is no https address.", "Paste the address of the issue.")
    if len(url) > 500 or re.search(r"[\s\x00-\x1f<>\"]", url):
        raise Refused("The address cannot be kept.", "Use a plain address of 500 signs at most.")
    path = unquote(parts.path)
    for tracker, pattern, form in _PATTERNS:
        match = pattern.match(path)
        if match:
            return Item(url, " ".join(label.split()) or form.format(*match.groups()), tracker)
    return Item(url, (" ".join(label.split()) or f"{parts.hostname}{path}")[:200], "other")
