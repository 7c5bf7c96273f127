"""How each client is pointed here: text to copy, with this site's own address."""

from dataclasses import dataclass

KEY = "tok_…"


@dataclass(frozen=True, slots=True)
class Snippet:
    """One client: where the text goes, and the text."""

    slug: str
    client: str
    place: str
    note: str
    text: str


def snippets(base: str) -> list[Snippet]:
    """All clients. `base` is the site's address without a slash at its end."""
    otlp = f"{base}/api/v1/otlp"
    return [
        Snippet(
            "opentelemetry",
            "OpenTelemetry SDK",
            "Environment of the service",
            "Any SDK with a GenAI instrumentation, Traceloop or OpenInference. Spans are enough.",
            f"""OTEL_EXPORTER_OTLP_ENDPOINT={otlp}
OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20{KEY}
OTEL_RESOURCE_ATTRIBUTES=team.id=web,cost_center=CC-1042
OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=false""",
        ),
        Snippet(
            "collector",
            "OpenTelemetry Collector",
            "config.yaml of the collector",
            "Send all telemetry, or filter first: what is no usage of a model is dropped here.",
            f"""exporters:
  otlphttp/tokenops:
    endpoint: {otlp}
    compression: gzip
    headers:
      authorization: Bearer ${{env:TOKENOPS_KEY}}
service:
  pipelines:
    traces: {{receivers: [otlp], processors: [batch], exporters: [otlphttp/tokenops]}}
    metrics: {{receivers: [otlp], processors: [batch], exporters: [otlphttp/tokenops]}}
    logs: {{receivers: [otlp], processors: [batch], exporters: [otlphttp/tokenops]}}""",
        ),
        Snippet(
            "claude-code",
            "Claude Code",
            "Managed settings, or ~/.claude/settings.json",
            "Its events count each request. Leave prompts out: they would be dropped anyway.",
            f"""{{
  "env": {{
    "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
    "OTEL_LOGS_EXPORTER": "otlp",
    "OTEL_METRICS_EXPORTER": "otlp",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "{otlp}",
    "OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer {KEY}",
    "OTEL_RESOURCE_ATTRIBUTES": "team.id=web,cost_center=CC-1042"
  }}
}}""",
        ),
        Snippet(
            "codex",
            "Codex CLI",
            "~/.codex/config.toml",
            "Its events count each response.",
            f"""[otel]
environment = "production"
log_user_prompt = false

[otel.exporter.otlp-http]
endpoint = "{otlp}/v1/logs"
protocol = "binary"
headers = {{ "authorization" = "Bearer {KEY}" }}""",
        ),
        Snippet(
            "gemini-cli",
            "Gemini CLI",
            "~/.gemini/settings.json, and the key in the environment",
            "Its events count each response. "
            f"Export OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20{KEY} before starting it.",
            f"""{{
  "telemetry": {{
    "enabled": true,
    "target": "local",
    "otlpEndpoint": "{otlp}",
    "otlpProtocol": "http",
    "logPrompts": false
  }}
}}""",
        ),
        Snippet(
            "litellm",
            "LiteLLM proxy",
            "Environment and config.yaml of the proxy",
            "Each call with its key, team and tags. Failed batches are not sent again by LiteLLM: "
            "pull its spend logs as well to compare.",
            f"""# environment
GENERIC_LOGGER_ENDPOINT={base}/api/v1/litellm
GENERIC_LOGGER_HEADERS=Authorization=Bearer {KEY}

# config.yaml
litellm_settings:
  callbacks: ["generic_api"]
  turn_off_message_logging: true""",
        ),
        Snippet(
            "cloudevents",
            "CloudEvents",
            "Any program that meters usage, OpenMeter clients too",
            "source and id name the event: sending it again counts nothing twice.",
            f"""curl {base}/api/v1/events \\
  -H "Authorization: Bearer {KEY}" \\
  -H "Content-Type: application/cloudevents+json" \\
  -d '{{"specversion": "1.0", "type": "llm.usage", "source": "chat-app", "id": "call-81",
       "time": "2026-11-24T09:30:00Z", "subject": "ana@example.com",
       "data": {{"provider": "openai", "model": "gpt-5",
                "input_tokens": 5200, "cached_tokens": 4096, "output_tokens": 930}}}}'""",
        ),
        Snippet(
            "records",
            "Records API",
            "Any program",
            "One record per call, token kinds disjoint. Each refusal names field and fix.",
            f"""curl {base}/api/v1/usage/records \\
  -H "Authorization: Bearer {KEY}" \\
  -H "Content-Type: application/json" \\
  -d '[{{"event_id": "call-81", "occurred_at": "2026-11-24T09:30:00Z", "provider": "openai",
        "model": "gpt-5", "input_uncached": 1104, "cache_read": 4096, "output": 290,
        "reasoning": 640, "capability": "support-triage"}}]'""",
        ),
    ]
