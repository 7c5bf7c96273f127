"""What a bill's meter measures: tokens of which kind and which model. Pure.

A meter is a text such as `gpt 4.1 nano cached Inp glbl Tokens` (Azure),
`USE1-Claude4.6Opus-cache-read-input-token-count-cross-region-global` (AWS) or
`Gemini 2.5 Flash GA Text Input - Predictions` (Google). Only what the text says is used: a meter
that names no direction or no model is no token usage, and its row stays on the bill.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

_UNIT = re.compile(
    r"^(?:per\s+)?(?P<n>\d[\d,]*(?:\.\d+)?)?\s*(?P<m>k|m|thousand|million|mm)?\s*"
    r"(?P<tokens>(?:input |output |text )?tokens?)?$"
)
_SCALES = {"k": 1_000, "thousand": 1_000, "m": 1_000_000, "mm": 1_000_000, "million": 1_000_000}
_COUNTS = frozenset({"count", "counts", "unit", "units", "each", ""})
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=\d)(?=[A-Z][a-z])")
_SPLIT = re.compile(r"[^A-Za-z0-9.]+")
_NEVER = frozenset(
    {"storage", "hour", "hours", "ptu", "training", "hosting", "grounding", "search"}
)
"""Words of meters that measure something else beside or instead of tokens that were used."""
_INPUT = frozenset({"input", "inputs", "inp", "in", "inpt", "prompt", "prompts", "context"})
_OUTPUT = frozenset(
    {"output", "outputs", "outp", "out", "opt", "outpt", "completion", "completions", "response",
     "generated"}
)  # fmt: skip
_CACHE = frozenset({"cache", "cached", "cchd", "caching", "cd"})
_READ = frozenset({"read", "hit", "hits"})
_WRITE = frozenset({"write", "writes", "creation", "wr", "wrt", "miss"})
_AUDIO = frozenset({"audio", "aud"})
_IMAGE = frozenset({"image", "images", "img"})
_EMBED = ("embedding", "embed")
_TIERS = {"batch": "batch", "flex": "flex", "priority": "priority", "prio": "priority",
          "pp": "priority"}  # fmt: skip
_FAMILY = re.compile(
    r"(?<![a-z])(chatgpt|gpt|claude|gemini|gemma|llama|mixtral|ministral|magistral|mistral|"
    r"codestral|devstral|pixtral|nova|titan|command|deepseek|grok|qwen|phi|jamba|kimi|"
    r"text-embedding|embedding|embed|computer-use|codex|o[134](?=[\s\-_. ]|$|mini|pro))"
)
_NOISE = (
    _INPUT | _OUTPUT | _CACHE | _READ | _WRITE | _AUDIO | frozenset(_TIERS) | frozenset(
        {"text", "tokens", "token", "count", "units", "global", "glbl", "gl", "regional", "regnl",
         "dz", "dzn", "dzone", "data", "zone", "cross", "region", "standard", "predictions",
         "prediction", "1k", "1m", "long", "thinking", "ga", "video", "mantle", "on", "demand",
         "ondemand", "usage", "million", "modality", "5m", "1h", "edition", "amazon", "bedrock",
         "shortco", "longco"}
    )
)  # fmt: skip
_CLAUDE = re.compile(r"^claude-?(\d)(?:[.-](\d))?-?(opus|sonnet|haiku)$")
_CLAUDE_AFTER = re.compile(r"^claude-(opus|sonnet|haiku)-(\d)(?:[.-](\d))?$")
_CLAUDE_NEW = 4
_VERSION = re.compile(r"^\d(?:\.\d+)?\b")
_MODELLIKE = re.compile(r"^[A-Za-z0-9][\w.:/\-]{1,254}$")


@dataclass(frozen=True, slots=True)
class Meter:
    """Tokens of one `kind` of one `model`, served in `tier` ("" for standard)."""

    kind: str
    model: str
    tier: str = ""


@lru_cache(maxsize=4096)
def token_scale(unit: str, meter: str) -> Decimal | None:
    """Tokens per unit; None when the unit does not count tokens.

    A unit without the word (`1K`, `1M`: Azure; `count`: Google) counts tokens if the meter says so.
    """
    match = _UNIT.match(" ".join(unit.lower().replace("{", " ").replace("}", " ").split()))
    words = words_of(meter)
    says_tokens = "token" in words or "tokens" in words or "predictions" in words
    if match is None or (not match["n"] and not match["m"] and not match["tokens"]):
        plain = unit.strip().lower() in _COUNTS and unit.strip().lower() not in {"", "units"}
        return Decimal(1) if plain and says_tokens else None
    if not match["tokens"] and not says_tokens:
        return None
    n = Decimal((match["n"] or "1").replace(",", ""))
    return n * _SCALES.get(match["m"] or "", 1)


@lru_cache(maxsize=16_384)
def read(meter: str, context: str = "", named: str = "") -> Meter | None:
    """What the meter's text says, with `context` (product, sub-category) for the model's family.

    `named` is a model that another column states; it wins. None when the kind or the model cannot
    be said.
    """
    kind = kind_of(meter)
    model = named.strip() or model_of(meter, context)
    if not kind or not model:
        return None
    words = words_of(meter)
    tier = next((_TIERS[word] for word in words if word in _TIERS), "")
    return Meter(kind, model, tier)


def words_of(text: str) -> list[str]:
    """Words of a meter in lower case: `InputTokenCount` and `input-token-count` alike."""
    return [w for w in _SPLIT.split(_CAMEL.sub(" ", text).lower()) if w]


def kind_of(meter: str) -> str:
    """The ledger's token kind, "" when the text says none or two."""
    words = words_of(meter)
    said = set(words)
    if said & _NEVER:
        return ""
    cached, hour = bool(said & _CACHE), bool(said & {"1h", "write1h"})
    if cached and (hour or said & _WRITE):
        return "cache_write_1h" if hour else "cache_write_5m"
    out = bool(said & _OUTPUT)
    into = bool(said & _INPUT) or (cached and bool(said & _READ))
    if not into and not out:
        into = any(word.startswith(_EMBED) for word in words)
    if into == out:
        return ""
    if cached:
        return "cache_read" if into else ""
    return _direction("input" if into else "output", said, words)


def _direction(side: str, said: set[str], words: list[str]) -> str:
    if said & _AUDIO:
        return f"audio_{side}"
    if _image_tokens(words):
        return f"image_{side}"
    if side == "input":
        return "input_uncached"
    return "reasoning" if "reasoning" in said else "output"


def _image_tokens(words: list[str]) -> bool:
    """`Image Input` measures images; `Flash Image Text Input` is text of an image model."""
    for place, word in enumerate(words):
        if word in _IMAGE:
            after = words[place + 1] if place + 1 < len(words) else ""
            if after in _INPUT | _OUTPUT | {"token", "tokens"}:
                return True
    return False


def model_of(meter: str, context: str = "") -> str:
    """The model's name as the meter spells it, in the form providers use; "" when it names none."""
    lowered = meter.lower()
    match = _FAMILY.search(lowered)
    if match is not None:
        return _canonical(_until_noise(lowered[match.start() :]))
    version = _VERSION.match(lowered)
    if version and "gpt" in context.lower():
        rest = _until_noise(lowered)
        return f"gpt-{rest}" if rest else ""
    return ""


def _until_noise(text: str) -> str:
    kept: list[str] = []
    words = [w for w in re.split(r"[\s\-_:/(),]+", text) if w]
    for place, word in enumerate(words):
        following = words[place + 1] if place + 1 < len(words) else ""
        modality = word in _IMAGE | _AUDIO and following in _INPUT | _OUTPUT
        part = (word == "text" and following.startswith(_EMBED)) or (
            word in _AUDIO and kept and not modality
        )
        if not part and (word in _NOISE or modality or (kept and _glued(word))):
            break
        kept.append(word)
    return "-".join(kept).strip("-.")


def _glued(word: str) -> bool:
    return word.startswith(("inputtoken", "outputtoken", "cacheread", "cachewrite"))


def _canonical(name: str) -> str:
    """`claude4.6opus` (AWS) as `claude-opus-4-6`, the name Anthropic gives the model."""
    if match := _CLAUDE.match(name):
        major, minor, family = match.groups()
        if int(major) >= _CLAUDE_NEW:
            return "-".join(part for part in ("claude", family, major, minor) if part)
        return "-".join(part for part in ("claude", major, minor, family) if part)
    if match := _CLAUDE_AFTER.match(name):
        return "-".join(part for part in ("claude", *match.groups()) if part)
    return name


def spelled(model: str) -> str:
    """A model's name as providers write it: `Claude Haiku 4.5` is claude-haiku-4-5."""
    return (model_of(model) or model) if " " in model else model


def named_model(values: Iterable[tuple[str, str]]) -> str:
    """A model stated outright in a SKU's details (`x_ModelName`, `Model`, `modelId`)."""
    for key, value in values:
        word = key.lower().removeprefix("x_").replace("_", "")
        if word in {"model", "modelname", "modelid"} and _MODELLIKE.match(value):
            return value
    return ""
