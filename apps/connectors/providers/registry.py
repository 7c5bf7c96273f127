"""Which client speaks to which kind of source."""

import time
from collections.abc import Callable

import httpx

from apps.connectors.enums import SourceKind
from apps.connectors.providers import anthropic, openai
from apps.connectors.providers.base import Client
from apps.connectors.providers.http import Meter, ProviderHTTP

DEFAULT_URLS = {
    SourceKind.OPENAI: openai.DEFAULT_URL,
    SourceKind.ANTHROPIC: anthropic.DEFAULT_URL,
}


def connect(
    kind: str,
    *,
    base_url: str,
    secret: str,
    beat: Callable[[Meter], None] = lambda _meter: None,
    transport: httpx.BaseTransport | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Client:
    """A client for a pulled kind. Raises ProviderError when the address is refused.

    The address may end in the version, as providers print it: `https://api.openai.com/v1`.
    """
    if kind == SourceKind.OPENAI:
        headers = {"authorization": f"Bearer {secret}"}
    elif kind == SourceKind.ANTHROPIC:
        headers = {"x-api-key": secret, "anthropic-version": anthropic.VERSION}
    else:
        raise ValueError(f"sources of kind {kind} are not pulled")
    root = base_url.rstrip("/").removesuffix("/v1")
    http = ProviderHTTP(
        root, headers=headers, secret=secret, beat=beat, transport=transport, sleep=sleep
    )
    return (
        openai.OpenAIClient(http) if kind == SourceKind.OPENAI else anthropic.AnthropicClient(http)
    )
