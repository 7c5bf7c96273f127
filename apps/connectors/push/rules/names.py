"""Attribute names that are read, and no others. A name that is not here never leaves the decoder,
so prompts, answers, arguments and headers are dropped before anything can keep them."""

INPUT = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
)
OUTPUT = (
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
)
CACHE_READ = (
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.cached_tokens",
    "gen_ai.usage.cached_input_tokens",
    "gen_ai.usage.input_tokens.cached",
)
CACHE_WRITE = (
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.cache_write.input_tokens",
)
REASONING = (
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "gen_ai.usage.output_tokens.reasoning",
    "llm.usage.reasoning_tokens",
)
TOTAL = ("gen_ai.usage.total_tokens", "llm.usage.total_tokens")
AUDIO_INPUT = ("gen_ai.usage.input_audio_tokens", "gen_ai.usage.details.input_audio_tokens")
AUDIO_OUTPUT = ("gen_ai.usage.output_audio_tokens", "gen_ai.usage.details.output_audio_tokens")

OI_PROMPT = "llm.token_count.prompt"
OI_COMPLETION = "llm.token_count.completion"
OI_TOTAL = "llm.token_count.total"
OI_CACHE_READ = (
    "llm.token_count.prompt_details.cache_read",
    "llm.token_count.prompt_details.cache_input",
)
OI_CACHE_WRITE = "llm.token_count.prompt_details.cache_write"
OI_AUDIO_INPUT = "llm.token_count.prompt_details.audio"
OI_AUDIO_OUTPUT = "llm.token_count.completion_details.audio"
OI_REASONING = "llm.token_count.completion_details.reasoning"
OI_KIND = "openinference.span.kind"

MODEL = (
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.response.model",
    "llm.request.model",
    "llm.model_name",
    "embedding.model_name",
    "model",
)
PROVIDER = (
    "gen_ai.provider.name",
    "gen_ai.system",
    "llm.provider",
    "llm.system",
    "provider_name",
)
TIER = (
    "gen_ai.response.service_tier",
    "openai.response.service_tier",
    "gen_ai.openai.response.service_tier",
)
SESSION = (
    "session.id",
    "conversation.id",
    "gen_ai.conversation.id",
    "thread.id",
    "thread_id",
    "traceloop.association.properties.session_id",
)
AGENT = ("gen_ai.agent.name", "agent.name", "agent_name", "gen_ai.agent.id", "agent_id")
WORKFLOW = ("gen_ai.workflow.name", "traceloop.workflow.name")
TOOL = ("gen_ai.tool.name", "tool.name", "tool_name")
OPERATION = ("gen_ai.operation.name", "llm.request.type")
ATTEMPT = ("gen_ai.request.attempt", "attempt")
USER = ("user.email", "user.account_uuid", "user.id")

FLAT = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")
"""Claude Code's event and its span."""
CODEX_TURN = "codex.turn.token_usage."
CODEX_TURN_PARTS = (
    "input_tokens",
    "cached_input_tokens",
    "cache_write_input_tokens",
    "output_tokens",
    "reasoning_output_tokens",
    "total_tokens",
)
CODEX_CALL = "codex.usage."
CLI_COUNTS = (
    "input_token_count",
    "output_token_count",
    "cached_token_count",
    "cache_write_token_count",
    "reasoning_token_count",
    "tool_token_count",
    "cached_content_token_count",
    "thoughts_token_count",
    "total_token_count",
)
_IDS = (
    "gen_ai.response.id",
    "request_id",
    "prompt.id",
    "prompt_id",
    "event.name",
    "event.kind",
    "event.timestamp",
    "event.sequence",
    "span.type",
    "query_source",
    "parent_agent_id",
    "speed",
    "status_code",
    "traceloop.span.kind",
    "traceloop.entity.name",
    "turn.id",
    "tokenops.unit",
    "tokenops.capability",
    "tokenops.story",
    "tokenops.phase",
    "tokenops.work_item",
)
GENAI_USAGE = frozenset((*INPUT, *OUTPUT, *CACHE_READ, *CACHE_WRITE, *REASONING, *TOTAL))
OPENINFERENCE_USAGE = frozenset((OI_PROMPT, OI_COMPLETION, OI_TOTAL))
CODEX_USAGE = frozenset(CODEX_TURN + part for part in CODEX_TURN_PARTS) | frozenset(
    CODEX_CALL + part for part in CODEX_TURN_PARTS
)
SPAN_USAGE = GENAI_USAGE | OPENINFERENCE_USAGE | CODEX_USAGE | frozenset(FLAT)
EVENT_USAGE = GENAI_USAGE | frozenset(FLAT) | frozenset(CLI_COUNTS)
_COMMON = frozenset(
    (
        *MODEL,
        *PROVIDER,
        *TIER,
        *SESSION,
        *AGENT,
        *WORKFLOW,
        *TOOL,
        *OPERATION,
        *ATTEMPT,
        *USER,
        *_IDS,
        *AUDIO_INPUT,
        *AUDIO_OUTPUT,
    )
)
WANTED_ON_SPANS = (
    _COMMON
    | SPAN_USAGE
    | frozenset(
        (*OI_CACHE_READ, OI_CACHE_WRITE, OI_AUDIO_INPUT, OI_AUDIO_OUTPUT, OI_REASONING, OI_KIND)
    )
)
WANTED_ON_EVENTS = _COMMON | EVENT_USAGE
TOKEN_METRICS = {
    "claude_code.token.usage": "type",
    "codex.turn.token_usage": "token_type",
    "gemini_cli.token.usage": "type",
    "gen_ai.client.token.usage": "gen_ai.token.type",
    "gen_ai.client.inference.tokens": "gen_ai.token.type",
    "gen_ai.client.inference.tokens.usage": "gen_ai.token.type",
}
"""Counters of tokens and the attribute that names the kind. Anything else is no usage."""
TOKEN_METRIC_PREFIX = "gen_ai.client.inference.tokens"  # noqa: S105 -- a metric's name
WANTED_ON_POINTS = frozenset(
    (*MODEL, *PROVIDER, *TIER, *SESSION, *OPERATION, *USER, "type", "token_type")
) | frozenset(("gen_ai.token.type", "llm.token.type", "query_source", "originator", "effort"))
