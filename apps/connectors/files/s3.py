"""Reading an S3-compatible bucket: ListObjectsV2 and GetObject, path style, signature version 4.

botocore signs, the connectors' own guarded client sends: judged address, pinned connection, no
redirects. An object is read as it lies there, a piece at a time, and only in the version that was
listed (`If-Match`).
"""

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import quote
from xml.etree import ElementTree as ET

import httpx
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from apps.connectors import crypto, guard
from apps.connectors.files.rules import Found
from apps.connectors.providers import backoff
from apps.connectors.providers.errors import ProviderError
from apps.connectors.providers.http import TIMEOUT, USER_AGENT, Meter, PinnedTransport

LARGEST_LISTING = 8 * 1024 * 1024
TRIES = 5
MAX_PAGES = 1_000
PIECE = 1024 * 1024
_SPACE = re.compile(r"^\{[^}]*\}")
DEFAULT_REGION = "us-east-1"


class Bucket:
    """One bucket below a prefix. `beat` is called before each request and each piece."""

    def __init__(
        self,
        *,
        endpoint: str,
        bucket: str,
        prefix: str = "",
        region: str = "",
        access_key: str,
        secret: str,
        beat: Callable[[Meter], None] = lambda _meter: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._target = guard.parse_base_url(endpoint)
        try:
            transport = PinnedTransport(self._target)
        except guard.AddressRefused as error:
            raise ProviderError(str(error), code="address_refused") from error
        self.meter = Meter()
        self._bucket, self._prefix, self._secret = bucket, prefix, secret
        self._beat, self._sleep = beat, sleep
        signer = Credentials(access_key, secret)
        self._signer = S3SigV4Auth(signer, "s3", region or DEFAULT_REGION)
        self._client = httpx.Client(
            headers={"accept-encoding": "identity"},
            timeout=TIMEOUT,
            follow_redirects=False,
            transport=transport,
            trust_env=False,
        )

    def close(self) -> None:
        self._client.close()

    def listing(self) -> Iterator[Found]:
        """All objects below the prefix, page by page."""
        token = ""
        for _ in range(MAX_PAGES):
            page = self.page(token)
            yield from (_found(entry, self._prefix) for entry in page.findall("Contents"))
            token = page.findtext("NextContinuationToken") or ""
            if page.findtext("IsTruncated") != "true" or not token:
                return
        raise ProviderError(
            f"The bucket lists more than {MAX_PAGES * 1000:,} objects below the prefix.",
            code="too_many_files",
        )

    def page(self, token: str = "", *, limit: int = 1000) -> ET.Element:
        """One page of ListObjectsV2, its names without their name space."""
        query = {"list-type": "2", "max-keys": str(limit), "prefix": self._prefix}
        if token:
            query["continuation-token"] = token
        body = b"".join(self._get("", query, {}, most=LARGEST_LISTING))
        if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
            raise ProviderError("The bucket answered no listing.", code="malformed")
        try:
            root = ET.fromstring(body)  # noqa: S314 -- bounded, and without declarations
        except ET.ParseError as error:
            raise ProviderError("The bucket answered no listing.", code="malformed") from error
        for element in root.iter():
            element.tag = _SPACE.sub("", element.tag)
        return root

    def read(self, found: Found) -> Iterator[bytes]:
        """The object's bytes. Raises ProviderError when it is no longer the listed version."""
        size = 0
        for piece in self._get(self._prefix_and(found.key), {}, {"if-match": f'"{found.etag}"'}):
            size += len(piece)
            yield piece
        if size != found.size:
            raise ProviderError(f"{found.key} ended too early.", code="cut")

    def _prefix_and(self, key: str) -> str:
        return f"{self._prefix}{key}"

    def _get(
        self, key: str, query: dict[str, str], headers: dict[str, str], *, most: int = 0
    ) -> Iterator[bytes]:
        url = self._url(key, query)
        attempt = 0
        while True:
            attempt += 1
            self._beat(self.meter)
            self.meter.calls += 1
            begun = False
            try:
                with self._client.stream("GET", url, headers=self._signed(url, headers)) as answer:
                    if answer.status_code == 200:
                        for piece in self._pieces(answer, most):
                            begun = True
                            yield piece
                        return
                    problem = self._problem(key, answer)
            except guard.AddressRefused as error:
                raise ProviderError(str(error), code="address_refused") from error
            except httpx.HTTPError as error:
                reason = crypto.redact(str(error) or type(error).__name__, self._secret)
                problem = ProviderError(
                    f"The bucket could not be reached: {reason}", code="unreachable"
                )
                if begun:
                    raise problem from error
            else:
                if problem.status not in backoff.RETRYABLE:
                    raise problem
            if attempt >= TRIES:
                raise problem
            self.meter.retries += 1
            self._sleep(backoff.delay(attempt, 0.5, problem.retry_after))

    def _pieces(self, answer: httpx.Response, most: int) -> Iterator[bytes]:
        size = 0
        for piece in answer.iter_raw(PIECE):
            size += len(piece)
            if most and size > most:
                raise ProviderError("The bucket answered too much.", code="too_large")
            self._beat(self.meter)
            yield piece

    def _url(self, key: str, query: dict[str, str]) -> str:
        path = f"/{self._bucket}" + (f"/{quote(key, safe='/~')}" if key else "/")
        pairs = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in query.items())
        suffix = "?" + "&".join(f"{k}={v}" for k, v in pairs) if pairs else ""
        return f"{self._target.url}{path}{suffix}"

    def _signed(self, url: str, headers: dict[str, str]) -> dict[str, str]:
        request = AWSRequest(method="GET", url=url, headers={"user-agent": USER_AGENT, **headers})
        self._signer.add_auth(request)
        return dict(request.headers.items())

    def _problem(self, key: str, answer: httpx.Response) -> ProviderError:
        status = answer.status_code
        body = b"".join(_first(answer.iter_raw(), 16_384))
        said = crypto.redact(_said(body), self._secret)
        what = key or "The bucket"
        if status in (401, 403):
            message = f"The bucket refused the credential ({status}): {said}"
            return ProviderError(message, code="credential_refused", status=status)
        if status == 412:
            return ProviderError(f"{what} changed while it was read.", code="changed", status=412)
        if 300 <= status < 400:
            message = f"{what} redirects; redirects are not followed. Check region and address."
            return ProviderError(message, code="redirect", status=status)
        codes = {400: "bad_request", 404: "not_found", 429: "rate_limited"}
        code = codes.get(status, "provider_error" if status >= 500 else "refused")
        wait = backoff.parse_retry_after(answer.headers.get("retry-after"), datetime.now(UTC))
        return ProviderError(
            f"{what} answered {status}: {said}", code=code, status=status, retry_after=wait
        )


def _found(entry: ET.Element, prefix: str) -> Found:
    stamp = entry.findtext("LastModified") or ""
    try:
        return Found(
            key=(entry.findtext("Key") or "").removeprefix(prefix),
            etag=(entry.findtext("ETag") or "").strip('"')[:80],
            size=int(entry.findtext("Size") or 0),
            modified_at=datetime.fromisoformat(stamp),
        )
    except ValueError as error:
        raise ProviderError("The bucket answered no listing.", code="malformed") from error


def _first(pieces: Iterator[bytes], most: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        yield piece
        size += len(piece)
        if size >= most:
            return


def _said(body: bytes) -> str:
    """Code and message of an S3 error."""
    parts = [
        match.group(1).decode(errors="replace")
        for name in (b"Code", b"Message")
        if (match := re.search(b"<%s>([^<]{1,300})</%s>" % (name, name), body))
    ]
    return ": ".join(parts)[:200] or "no explanation"
