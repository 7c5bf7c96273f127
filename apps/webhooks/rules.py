"""Signatures and message forms, pure.

Signature: Standard Webhooks 1.0 (standardwebhooks.com): base64 of HMAC-SHA256 over
`id.timestamp.body`, each signature prefixed `v1,`, several separated by spaces.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

SECRET_PREFIX = "whsec_"  # noqa: S105 -- a prefix, no secret
PAUSE_AFTER = 5
GONE = 410


@dataclass(frozen=True, slots=True)
class Event:
    """What is told: a trail event, with the words and the link that a person needs."""

    id: str
    action: str
    at: str
    organization: str
    actor_kind: str
    actor_id: str | None
    actor_name: str
    words: str
    object_type: str
    object_id: str | None
    label: str
    url: str
    before: Any = None
    after: Any = None
    reason: str = ""


def signatures(secrets: Iterable[str], message_id: str, timestamp: int, body: str) -> str:
    """The `webhook-signature` header. Each secret is `whsec_` and base64 of the key."""
    content = f"{message_id}.{timestamp}.{body}".encode()
    return " ".join(f"v1,{_signature(secret, content)}" for secret in secrets)


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def signed_body(event: Event) -> str:
    """`{type, timestamp, data}` as Standard Webhooks recommends; small, complete, stable."""
    return _json(
        {
            "type": event.action,
            "timestamp": event.at,
            "data": {
                "id": event.id,
                "organization": event.organization,
                "object": {
                    "type": event.object_type,
                    "id": event.object_id,
                    "label": event.label,
                    "url": event.url,
                },
                "actor": {
                    "kind": event.actor_kind,
                    "id": event.actor_id,
                    "name": event.actor_name,
                },
                "before": event.before,
                "after": event.after,
                "reason": event.reason,
            },
        }
    )


def slack_body(event: Event) -> str:
    """A Slack incoming webhook's message: mrkdwn with `&`, `<` and `>` escaped."""
    subject = _slack(event.label)
    if event.url:
        subject = f"<{event.url}|{subject}>"
    lines = [f"*{_slack(event.words)}*: {subject}", f"by {_slack(event.actor_name)}"]
    if event.reason:
        lines.append(f"> {_slack(' '.join(event.reason.split()))}")
    return _json({"text": "\n".join(lines)})


def teams_body(event: Event) -> str:
    """A Teams workflow's message: one adaptive card. Text blocks read no HTML."""
    blocks = [
        {"type": "TextBlock", "weight": "bolder", "wrap": True, "text": event.words},
        {"type": "TextBlock", "wrap": True, "text": event.label},
        {"type": "TextBlock", "isSubtle": True, "wrap": True, "text": f"by {event.actor_name}"},
    ]
    if event.reason:
        blocks.append({"type": "TextBlock", "wrap": True, "text": event.reason})
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    if event.url:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open", "url": event.url}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return _json({"type": "message", "attachments": [attachment]})


BODIES = {"signed": signed_body, "slack": slack_body, "teams": teams_body}


def _slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
