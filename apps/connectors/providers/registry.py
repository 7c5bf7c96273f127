"""Which client speaks to which kind of source, and what is special about the kind.

A new kind is a client, its rules, and one entry here (and its name in `enums.PULLED_KINDS`).
"""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import httpx

from apps.connectors import crypto
from apps.connectors.enums import SourceKind, SourceRole
from apps.connectors.providers import (
    anthropic,
    claude_analytics,
    claude_code,
    copilot,
    cursor,
    langfuse,
    litellm,
    openai,
    openrouter,
)
from apps.connectors.providers.base import ApiClient
from apps.connectors.providers.http import Meter, ProviderHTTP
from apps.connectors.rules import DAILY, HOURLY, Cadence

Headers = dict[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of pulled source.

    `client` gets the HTTP and whether it reads every call (a source of record with `calls`).
    `url` "" means that people state the address: there is no common one. `calls` is the cadence
    of a kind that reads single calls when it counts, and whole days when it is compared. `pair`:
    the credential is a user and a password, joined by a colon.
    """

    client: Callable[[ProviderHTTP, bool], ApiClient]
    headers: Callable[[str], Headers]
    url: str
    secret: str
    cadence: Cadence = HOURLY
    calls: Cadence | None = None
    schedule: int = 15
    pair: bool = False

    def cadence_of(self, role: str) -> Cadence:
        """When a source of this kind and role has something to read."""
        return self.calls if self.calls and role == SourceRole.RECORD else self.cadence


def bearer(secret: str) -> Headers:
    return {"authorization": f"Bearer {secret}"}


def basic(secret: str) -> Headers:
    """A user and a password, joined by a colon."""
    return {"authorization": "Basic " + base64.b64encode(secret.encode()).decode()}


def anthropic_key(secret: str) -> Headers:
    return {"x-api-key": secret, "anthropic-version": anthropic.VERSION}


def anthropic_beta(secret: str) -> Headers:
    return {**anthropic_key(secret), "anthropic-beta": claude_analytics.BETA}


def github(secret: str) -> Headers:
    """The token is the second half; the first names the organization."""
    token = secret.partition(":")[2]
    return {
        **bearer(token),
        "accept": "application/vnd.github+json",
        "x-github-api-version": copilot.VERSION,
    }


CALLS = Cadence(window=timedelta(hours=12), settling=timedelta(hours=6), reread=timedelta(hours=48))
"""Single calls come by the million: short windows keep a run's memory small."""
ADMIN_KEY = "An administration key of the organization; a project’s or a person’s key is refused."
KINDS: dict[str, Kind] = {
    SourceKind.OPENAI: Kind(
        lambda http, _: openai.OpenAIClient(http), bearer, openai.DEFAULT_URL, ADMIN_KEY
    ),
    SourceKind.ANTHROPIC: Kind(
        lambda http, _: anthropic.AnthropicClient(http),
        anthropic_key,
        anthropic.DEFAULT_URL,
        ADMIN_KEY,
    ),
    SourceKind.CLAUDE_ANALYTICS: Kind(
        lambda http, _: claude_analytics.ClaudeAnalyticsClient(http),
        anthropic_beta,
        anthropic.DEFAULT_URL,
        "An administration key, or a key with the scope read:analytics.",
        Cadence(reach=timedelta(days=364), slack=timedelta(hours=5)),
        schedule=60,
    ),
    SourceKind.CLAUDE_CODE: Kind(
        lambda http, _: claude_code.ClaudeCodeClient(http),
        anthropic_key,
        anthropic.DEFAULT_URL,
        ADMIN_KEY,
        DAILY,
        schedule=360,
    ),
    SourceKind.LITELLM: Kind(
        lambda http, calls: litellm.LiteLLMClient(http, calls=calls),
        bearer,
        "",
        "The proxy’s master key, or the key of a proxy administrator.",
        DAILY,
        calls=CALLS,
        schedule=60,
    ),
    SourceKind.OPENROUTER: Kind(
        lambda http, _: openrouter.OpenRouterClient(http),
        bearer,
        openrouter.DEFAULT_URL,
        "A management key; an inference key is refused.",
        Cadence(
            grain=timedelta(days=1),
            lag=timedelta(hours=2),
            window=timedelta(days=30),
            reread=timedelta(days=29),
            reach=timedelta(days=29),
        ),
        schedule=360,
    ),
    SourceKind.LANGFUSE: Kind(
        lambda http, calls: langfuse.LangfuseClient(http, calls=calls),
        basic,
        langfuse.DEFAULT_URL,
        "The public and the secret key of the project, joined by a colon: pk-lf-…:sk-lf-…",
        DAILY,
        calls=CALLS,
        schedule=60,
        pair=True,
    ),
    SourceKind.COPILOT: Kind(
        lambda http, _: copilot.CopilotClient(http),
        github,
        copilot.DEFAULT_URL,
        "The organization and a token of an administrator, joined by a colon: acme:ghp_…",
        Cadence(
            grain=timedelta(days=1),
            lag=timedelta(hours=30),
            window=timedelta(days=14),
            reread=timedelta(days=28),
            reach=timedelta(days=364),
        ),
        schedule=720,
        pair=True,
    ),
    SourceKind.CURSOR: Kind(
        lambda http, _: cursor.CursorClient(http),
        lambda secret: basic(f"{secret}:"),
        cursor.DEFAULT_URL,
        "An admin API key of the team.",
        Cadence(window=timedelta(days=7), settling=timedelta(hours=24), reach=timedelta(days=29)),
        schedule=60,
    ),
}


def cadence_of(kind: str, role: str) -> Cadence:
    """The cadence of a source; hourly for one that is handed in."""
    return KINDS[kind].cadence_of(role) if kind in KINDS else HOURLY


def connect(
    kind: str,
    *,
    base_url: str,
    secret: str,
    calls: bool = False,
    beat: Callable[[Meter], None] = lambda _meter: None,
    transport: httpx.BaseTransport | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> ApiClient:
    """A client for a pulled kind. Raises ProviderError when the address is refused.

    The address may end in the version, as providers print it: `https://api.openai.com/v1`.
    """
    if kind not in KINDS:
        raise ValueError(f"sources of kind {kind} are not pulled")
    found = KINDS[kind]
    http = ProviderHTTP(
        base_url.rstrip("/").removesuffix("/v1"),
        headers=found.headers(secret),
        secrets=crypto.forms(secret),
        user=secret.partition(":")[0] if found.pair else "",
        beat=beat,
        transport=transport,
        sleep=sleep,
    )
    return found.client(http, calls)
