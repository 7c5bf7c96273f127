"""Examples of the push endpoints (`apps.common.api.examples`)."""

from typing import Any

from apps.common.api.examples import request_example

RECORD: dict[str, Any] = {
    "event_id": "chatcmpl-81",
    "occurred_at": "2026-11-22T09:30:00Z",
    "provider": "openai",
    "model": "gpt-4.1",
    "api_key": "claims-nightly",
    "input_uncached": 1104,
    "cache_read": 4096,
    "output": 290,
    "tags": {"env": "prod"},
    "run": {"id": "run-81", "agent": "planner", "workflow": "claims-triage"},
}
RECORDS = request_example(
    "Push records", "Token kinds are disjoint; each record is judged alone", [RECORD]
)
LINES = request_example(
    "Push lines", "One record a line",
    '{"event_id": "chatcmpl-82", "occurred_at": "2026-11-22T09:31:00Z", "provider": "openai",'
    ' "model": "gpt-4.1", "input_uncached": 900, "output": 120}\n',
    media_type="application/x-ndjson",
)  # fmt: skip
LITELLM = request_example(
    "A batch of the gateway", "As its generic callback sends it; texts are dropped",
    [
        {
            "litellm_call_id": "5f1e6e3e-7f0c-4f5c-9a43-0d6a5f6f2f10",
            "status": "success",
            "call_type": "acompletion",
            "custom_llm_provider": "openai",
            "model": "gpt-4.1",
            "startTime": 1795339800.0,
            "endTime": 1795339802.5,
            "prompt_tokens": 5200,
            "completion_tokens": 640,
            "total_tokens": 5840,
            "response_cost": 0.01552,
            "metadata": {
                "user_api_key_alias": "claims-nightly",
                "user_api_key_team_alias": "Claims",
            },
        }
    ],
)  # fmt: skip
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "type": "llm.usage",
    "source": "chat-app",
    "id": "call-81",
    "time": "2026-11-22T09:30:00Z",
    "subject": "ada@example.com",
    "data": {"provider": "openai", "model": "gpt-4.1", "input_tokens": 5200, "output_tokens": 640},
}
ONE_EVENT = request_example(
    "One event", "Structured mode", EVENT, media_type="application/cloudevents+json"
)
EVENTS = request_example(
    "Several events", "Batched mode", [{**EVENT, "id": "call-82"}],
    media_type="application/cloudevents-batch+json",
)  # fmt: skip


def _attribute(name: str, **value: Any) -> dict[str, Any]:
    return {"key": name, "value": value}


_RESOURCE = {"attributes": [_attribute("service.name", stringValue="claims-triage")]}
_CALL = [
    _attribute("gen_ai.operation.name", stringValue="chat"),
    _attribute("gen_ai.provider.name", stringValue="openai"),
    _attribute("gen_ai.response.model", stringValue="gpt-4.1"),
    _attribute("gen_ai.usage.input_tokens", intValue="5200"),
    _attribute("gen_ai.usage.output_tokens", intValue="640"),
]
TRACES = request_example(
    "A span of a call", "What an exporter sends with OTEL_EXPORTER_OTLP_PROTOCOL=http/json",
    {
        "resourceSpans": [
            {
                "resource": _RESOURCE,
                "scopeSpans": [
                    {
                        "spans": [
                            {
                                "traceId": "5b8efff798038103d269b633813fc60c",
                                "spanId": "eee19b7ec3c1b174",
                                "name": "chat gpt-4.1",
                                "kind": 3,
                                "startTimeUnixNano": "1795339800000000000",
                                "endTimeUnixNano": "1795339802500000000",
                                "attributes": _CALL,
                            }
                        ]
                    }
                ],
            }
        ]
    },
)  # fmt: skip
LOGS = request_example(
    "An event of a call", "The conventions’ own event; bodies are dropped",
    {
        "resourceLogs": [
            {
                "resource": _RESOURCE,
                "scopeLogs": [
                    {
                        "logRecords": [
                            {
                                "timeUnixNano": "1795339800000000000",
                                "eventName": "gen_ai.client.inference.operation.details",
                                "traceId": "5b8efff798038103d269b633813fc60d",
                                "spanId": "eee19b7ec3c1b175",
                                "attributes": _CALL,
                            }
                        ]
                    }
                ],
            }
        ]
    },
)  # fmt: skip
METRICS = request_example(
    "A counter", "Tokens of a minute, delta temporality",
    {
        "resourceMetrics": [
            {
                "resource": _RESOURCE,
                "scopeMetrics": [
                    {
                        "metrics": [
                            {
                                "name": "gen_ai.client.token.usage",
                                "unit": "{token}",
                                "sum": {
                                    "aggregationTemporality": 1,
                                    "isMonotonic": True,
                                    "dataPoints": [
                                        {
                                            "startTimeUnixNano": "1795339800000000000",
                                            "timeUnixNano": "1795339860000000000",
                                            "asInt": "5200",
                                            "attributes": [
                                                *_CALL[:3],
                                                _attribute(
                                                    "gen_ai.token.type", stringValue="input"
                                                ),
                                            ],
                                        }
                                    ],
                                },
                            }
                        ]
                    }
                ],
            }
        ]
    },
)  # fmt: skip
