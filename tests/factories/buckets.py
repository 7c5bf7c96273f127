"""An S3-compatible bucket on the loopback: real HTTP, real signatures, objects of the test."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ACCESS_KEY, SECRET = "AKIAEXAMPLE", "wJalrXUtnFEMI-EXAMPLEKEY"
REGION = "eu-central-1"


@dataclass
class Stored:
    """One object."""

    data: bytes
    modified: datetime

    @property
    def etag(self) -> str:
        return hashlib.md5(self.data, usedforsecurity=False).hexdigest()


@dataclass
class FakeBucket:
    """Objects by key. `fail` answers instead of an object: (status, times left)."""

    name: str = "exports"
    page: int = 1000
    objects: dict[str, Stored] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    listings: int = 0
    fail: dict[str, list[int]] = field(default_factory=dict)
    url: str = ""

    def put(self, key: str, data: bytes, at: datetime | None = None) -> None:
        self.objects[key] = Stored(data, at or datetime(2026, 11, 20, 6, tzinfo=UTC))

    def listing(self, prefix: str, token: str) -> bytes:
        self.listings += 1
        keys = sorted(key for key in self.objects if key.startswith(prefix))
        start = int(token or 0)
        page = keys[start : start + self.page]
        more = start + self.page < len(keys)
        rows = "".join(
            f"<Contents><Key>{_xml(key)}</Key><LastModified>"
            f"{self.objects[key].modified:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
            f"<ETag>&quot;{self.objects[key].etag}&quot;</ETag>"
            f"<Size>{len(self.objects[key].data)}</Size></Contents>"
            for key in page
        )
        following = f"<NextContinuationToken>{start + self.page}</NextContinuationToken>"
        return (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>"
            f"{following if more else ''}{rows}</ListBucketResult>"
        ).encode()


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


class _Handler(BaseHTTPRequestHandler):
    bucket: FakeBucket

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if not self._is_signed():
            self._answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
            return
        name, _, key = unquote(parts.path).lstrip("/").partition("/")
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        if name != self.bucket.name:
            self._answer(404, b"<Error><Code>NoSuchBucket</Code><Message>No.</Message></Error>")
        elif key == "":
            found = self.bucket.listing(
                query.get("prefix", ""), query.get("continuation-token", "")
            )
            self._answer(200, found)
        else:
            self._object(key)

    def _object(self, key: str) -> None:
        if self.bucket.fail.get(key):
            self._answer(self.bucket.fail[key].pop(0), b"<Error><Code>SlowDown</Code></Error>")
            return
        stored = self.bucket.objects.get(key)
        if stored is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        elif self.headers.get("if-match", "").strip('"') not in ("", stored.etag):
            self._answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
        else:
            self.bucket.reads.append(key)
            self._answer(200, stored.data)

    def _is_signed(self) -> bool:
        """Whether the same request, signed here, has the same signature."""
        given = self.headers.get("authorization", "")
        url = f"http://{self.headers['host']}{self.path}"
        names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        headers = {name: self.headers[name] for name in names if name in self.headers}
        request = AWSRequest(method="GET", url=url, headers=headers)
        request.context["timestamp"] = self.headers.get("x-amz-date", "")
        signer = S3SigV4Auth(Credentials(ACCESS_KEY, SECRET), "s3", REGION)
        canonical = signer.canonical_request(request)
        expected = signer.signature(signer.string_to_sign(request, canonical), request)
        return given.endswith(expected)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def serving(bucket: FakeBucket) -> Iterator[FakeBucket]:
    """The bucket, reachable at `bucket.url` while the block runs."""
    handler = type("Handler", (_Handler,), {"bucket": bucket})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    bucket.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
