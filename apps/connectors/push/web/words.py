"""Outcomes and clients in words."""

from apps.connectors.push.rules.calls import Dialect, Reason, Signal

CLIENTS = {
    Dialect.GENAI: "OpenTelemetry GenAI",
    Dialect.TRACELOOP: "Traceloop",
    Dialect.OPENINFERENCE: "OpenInference",
    Dialect.CLAUDE_CODE: "Claude Code",
    Dialect.CODEX: "Codex CLI",
    Dialect.GEMINI_CLI: "Gemini CLI",
    Dialect.LITELLM: "LiteLLM callback",
    Dialect.CLOUDEVENTS: "CloudEvents",
    Dialect.RECORDS: "Records API",
    Dialect.OTHER: "Other telemetry",
}
SIGNALS = {
    Signal.EVENT: "Events",
    Signal.SPAN: "Spans",
    Signal.METRIC: "Metrics",
    Signal.RECORD: "Records",
}
KINDS = {
    "counted": ("Counted", "ok"),
    "twice": ("Counted elsewhere", ""),
    "ignored": ("Not usage", ""),
    "refused": ("Refused", "warn"),
}
OUTCOMES = {
    "counted": ("Counted as usage", ""),
    "repeated": ("Sent again", "The same body came before. It is counted once."),
    Reason.SUPERSEDED: (
        "Told better by another signal",
        "Events come before spans, spans before metrics, for each emitter and hour.",
    ),
    Reason.AGGREGATE: ("A sum of calls below it", "The calls themselves are counted."),
    Reason.WITHDRAWN: (
        "Replaced by a better signal",
        "Counted first, then told call by call. The restatement is on record.",
    ),
    Reason.OLDER_POINT: ("Counter already read", "This point was counted before."),
    Reason.BASELINE: ("First reading of a counter", "Differences from now on are counted."),
    Reason.NOT_USAGE: ("No usage of a model", "Other telemetry is taken quietly and dropped."),
    Reason.NO_TOKENS: ("A call without tokens", "Nothing to count."),
    Reason.CACHE_HIT: ("Answered by the gateway’s cache", "The provider was not called."),
    Reason.FAILED_CALL: ("A failed call", "It used no tokens."),
    Reason.GUARDRAIL: (
        "A guardrail request",
        "It holds a prompt and no usage. Send the callback generic_api here.",
    ),
    Reason.NO_MODEL: ("No model name", "Set gen_ai.request.model on the span."),
    Reason.BAD_COUNT: (
        "A wrong token count",
        "Send whole numbers from 0 under gen_ai.usage.input_tokens and output_tokens.",
    ),
    Reason.BAD_TIME: ("A time out of range", "Check the clock and the unit: nanoseconds."),
    Reason.BAD_ID: ("No trace or span id", "Send the ids the SDK makes."),
    Reason.BAD_TEXT: ("A model name that is none", "Send the model’s name, without blanks."),
    Reason.BAD_RECORD: (
        "A record that is not valid",
        "The answer to the push names field and fix of each.",
    ),
}


def outcome_label(outcome: str) -> str:
    return OUTCOMES.get(outcome, (outcome, ""))[0]


def outcome_note(outcome: str) -> str:
    return OUTCOMES.get(outcome, ("", ""))[1]
