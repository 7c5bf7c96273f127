"""One provider's HTTP: pinned address, timeouts, retries, no redirects, bounded answers."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec
import structlog

from apps.common.errors import Invalid
from apps.connectors import crypto, guard
from apps.connectors.providers import backoff, drift
from apps.connectors.providers.errors import ProviderError

log = structlog.get_logger(__name__)

USER_AGENT = "TokenOps/1 (+usage governance)"
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
LARGEST_ANSWER = 64 * 1024 * 1024
Params = Sequence[tuple[str, str | int]]
T = TypeVar("T")


@dataclass(slots=True)
class Meter:
    """What a run's network part cost."""

    calls: int = 0
    retries: int = 0
    waited: float = 0.0


class PinnedTransport(httpx.BaseTransport):
    """Connects to the address that was judged, under the name that was asked for."""

    def __init__(self, target: guard.Target, inner: httpx.BaseTransport | None = None) -> None:
        self._target = target
        self._address = guard.pin(target)
        self._inner = inner or httpx.HTTPTransport(retries=0)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != self._target.host:
            raise guard.AddressRefused("The request left the source's host.")
        request.extensions = {**request.extensions, "sni_hostname": self._target.host}
        request.url = request.url.copy_with(host=self._address)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


class ProviderHTTP:
    """Requests to one provider that read. A context manager; not thread-safe.

    `beat` is called before each request: it keeps the run's lease alive and may raise to stop.
    `secrets` are redacted from everything that is shown. `user` is the first half of a credential
    of two. `drift` collects, by endpoint, what the
    answers held that was not documented.
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: dict[str, str],
        secrets: Sequence[str],
        user: str = "",
        beat: Callable[[Meter], None] = lambda _meter: None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        target = guard.parse_base_url(base_url)
        try:
            pinned = transport or PinnedTransport(target)
        except guard.AddressRefused as error:
            raise ProviderError(str(error), code="address_refused") from error
        self.meter = Meter()
        self.drift: dict[str, set[drift.Finding]] = {}
        self._secrets, self._beat, self._sleep = tuple(secrets), beat, sleep
        self._given = transport
        self.user = user
        self._client = httpx.Client(
            base_url=target.url,
            headers={"user-agent": USER_AGENT, "accept": "application/json", **headers},
            timeout=TIMEOUT,
            follow_redirects=False,
            transport=pinned,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(
        self,
        path: str,
        params: Params,
        shape: type[T],
        *,
        name: str = "",
        headers: dict[str, str] | None = None,
    ) -> T:
        """The decoded answer. Raises ProviderError when tries run out or the answer is no good.

        `name` stands for the path where that holds an id. `headers` are of this request only.
        Numbers may arrive as text.
        """
        return self._decoded(path, self._fetch(path, params, headers=headers), shape, name)

    def post(self, path: str, asked: dict[str, Any], shape: type[T]) -> T:
        """The answer to a question that is asked in a body (Cursor). As `get` otherwise."""
        return self._decoded(path, self._fetch(path, (), asked), shape, "")

    def download(self, url: str, shape: type[T]) -> list[T]:
        """A signed file of JSON lines on any public host, read without the credential.

        For links that the provider hands out: each host is judged like the source's own address.
        Raises ProviderError.
        """
        parts = urlsplit(url)
        try:
            target = guard.parse_base_url(f"{parts.scheme}://{parts.netloc}")
        except Invalid as error:
            raise ProviderError(str(error), code="address_refused") from error
        try:
            pinned = self._given or PinnedTransport(target)
        except guard.AddressRefused as error:
            raise ProviderError(str(error), code="address_refused") from error
        with httpx.Client(
            headers={"user-agent": USER_AGENT},
            timeout=TIMEOUT,
            follow_redirects=False,
            transport=pinned,
            trust_env=False,
        ) as client:
            # The signature in the link is a secret too: errors name the host only.
            body = self._fetch(f"A report at {target.host}", (), client=client, url=url)
        try:
            return msgspec.json.Decoder(shape, strict=False).decode_lines(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            message = f"A report at {target.host} is not JSON lines: {self.redact(str(error))}"
            raise ProviderError(message, code="malformed") from error

    def _decoded(self, path: str, body: bytes, shape: type[T], name: str) -> T:
        try:
            raw = msgspec.json.decode(body)
            found = drift.find(raw, shape)
        except (msgspec.DecodeError, UnicodeDecodeError):
            found = set()
        if found:
            self.drift.setdefault(name or path, set()).update(found)
        try:
            return msgspec.json.decode(body, type=shape, strict=False)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            reason = self.redact(str(error))
            raise ProviderError(
                f"{path} answered something else than documented: {reason}", code="malformed"
            ) from error

    def redact(self, text: str) -> str:
        """The text without any form of the credential."""
        return crypto.redact(text, *self._secrets)

    def _fetch(
        self,
        path: str,
        params: Params,
        asked: dict[str, Any] | None = None,
        *,
        client: httpx.Client | None = None,
        url: str = "",
        headers: dict[str, str] | None = None,
    ) -> bytes:
        """Try until an answer comes or the tries run out. `path` names the request in errors."""
        attempt = 0
        while True:
            attempt += 1
            self._beat(self.meter)
            self.meter.calls += 1
            try:
                response, body = self._once(
                    client or self._client, url or path, params, asked, headers
                )
            except guard.AddressRefused as error:
                raise ProviderError(str(error), code="address_refused") from error
            except httpx.HTTPError as error:
                problem = self._transport_problem(path, error)
                wait = None
            else:
                if response.status_code == 200:
                    return body
                problem = self._problem(path, response, body)
                if response.status_code not in backoff.RETRYABLE:
                    raise problem
                wait = problem.retry_after
            if attempt >= backoff.MAX_ATTEMPTS or (wait or 0) > backoff.LONGEST_WAIT:
                raise problem
            pause = backoff.delay(attempt, random.random(), wait)  # noqa: S311 -- not a secret
            log.info("provider_retry", path=path, code=problem.code, attempt=attempt, wait=pause)
            self.meter.retries += 1
            self.meter.waited += pause
            self._sleep(pause)

    def _once(
        self,
        client: httpx.Client,
        url: str,
        params: Params,
        asked: dict[str, Any] | None,
        headers: dict[str, str] | None,
    ) -> tuple[httpx.Response, bytes]:
        query = httpx.QueryParams(list(params)) if params else None
        method = "GET" if asked is None else "POST"
        body = bytearray()
        with client.stream(method, url, params=query, json=asked, headers=headers) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    raise ProviderError("The answer is larger than 64 MiB.", code="too_large")
        return response, bytes(body)

    def _transport_problem(self, path: str, error: httpx.HTTPError) -> ProviderError:
        timeout = isinstance(error, httpx.TimeoutException)
        reason = self.redact(str(error) or type(error).__name__)
        words = "did not answer in time" if timeout else f"could not be reached: {reason}"
        return ProviderError(f"{path} {words}.", code="timeout" if timeout else "unreachable")

    def _problem(self, path: str, response: httpx.Response, body: bytes) -> ProviderError:
        status = response.status_code
        said = self.redact(_said(body))
        retry_after = backoff.parse_retry_after(
            response.headers.get("retry-after"), datetime.now(UTC)
        )
        if status in (401, 403):
            message = f"The provider refused the credential ({status}): {said}"
            return ProviderError(message, code="credential_refused", status=status)
        if 300 <= status < 400:
            message = f"{path} redirects; redirects are not followed."
            return ProviderError(message, code="redirect", status=status)
        codes = {400: "bad_request", 404: "not_found", 429: "rate_limited"}
        code = codes.get(status, "provider_error" if status >= 500 else "refused")
        return ProviderError(
            f"{path} answered {status}: {said}", code=code, status=status, retry_after=retry_after
        )


class _ErrorBody(msgspec.Struct):
    message: str = ""


class _Error(msgspec.Struct):
    error: _ErrorBody | None = None


def _said(body: bytes) -> str:
    """The message of either provider's error envelope, or the beginning of the text."""
    try:
        found = msgspec.json.decode(body, type=_Error).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = None
    text = found.message if found and found.message else body[:1000].decode(errors="replace")
    return " ".join(text.split())[:200] or "no explanation"
