"""Amazon Bedrock model invocation logs: one JSON line per call, as a row of counts and names. Pure.

The log carries prompts and replies in `input.inputBodyJson` and `output.outputBodyJson`: the typed
decoder below has no field for them, so they are skipped while the line is read. `inputTokenCount`
excludes cached tokens (read and written ones have their own counts). A call that failed has an
`errorCode` and no counts: it is left out, it used nothing.
"""

import json

import msgspec

METADATA = ("team", "app", "work_item", "user")
"""Keys of the caller's `requestMetadata` with a column of their own; all are kept as tags."""
HEADER = (
    "requestId", "timestamp", "accountId", "region", "modelId", "identity.arn", "operation",
    "inputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount", "outputTokenCount",
    "metadata.team", "metadata.app", "metadata.work_item", "metadata",
)  # fmt: skip


class _Input(msgspec.Struct):
    inputTokenCount: int = 0  # noqa: N815
    cacheReadInputTokenCount: int = 0  # noqa: N815
    cacheWriteInputTokenCount: int = 0  # noqa: N815


class _Output(msgspec.Struct):
    outputTokenCount: int = 0  # noqa: N815


class _Identity(msgspec.Struct):
    arn: str = ""


class _Call(msgspec.Struct):
    timestamp: str = ""
    accountId: str = ""  # noqa: N815
    region: str = ""
    requestId: str = ""  # noqa: N815
    operation: str = ""
    modelId: str = ""  # noqa: N815
    inferenceRegion: str = ""  # noqa: N815
    identity: _Identity | None = None
    requestMetadata: dict[str, str] | None = None  # noqa: N815
    errorCode: str | None = None  # noqa: N815
    input: _Input | None = None
    output: _Output | None = None


_decode = msgspec.json.Decoder(_Call).decode


def row_of(line: bytes) -> list[str] | None:
    """The cells of HEADER; None for a call that failed. Raises msgspec.DecodeError."""
    call = _decode(line)
    if call.errorCode:
        return None
    read, wrote = call.input or _Input(), call.output or _Output()
    said = call.requestMetadata or {}
    return [
        call.requestId,
        call.timestamp,
        call.accountId,
        call.inferenceRegion or call.region,
        model_name(call.modelId),
        call.identity.arn if call.identity else "",
        call.operation,
        str(read.inputTokenCount),
        str(read.cacheReadInputTokenCount),
        str(read.cacheWriteInputTokenCount),
        str(wrote.outputTokenCount),
        said.get("team", ""),
        said.get("app", ""),
        said.get("work_item", said.get("workItem", "")),
        json.dumps({k: v[:255] for k, v in list(said.items())[:32]}) if said else "",
    ]


def unreadable() -> list[str]:
    """A row that the check refuses and names: the line was no invocation."""
    return [""] * len(HEADER)


def model_name(model_id: str) -> str:
    """The model of an id or an ARN: `arn:…:inference-profile/us.anthropic.claude…` is its end."""
    return model_id.rsplit("/", 1)[-1]
