"""Providers under the names that instrumentations use, as the price book knows them."""

import re

NAMES = {
    "az.ai.inference": "azure",
    "az.ai.openai": "azure",
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "azure_openai": "azure",
    "azure_ai": "azure",
    "azure": "azure",
    "aws": "aws",
    "aws.bedrock": "aws",
    "aws_bedrock": "aws",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "vertex_ai": "google",
    "vertexai": "google",
    "gemini": "google",
    "google_genai": "google",
    "google": "google",
    "mistral_ai": "mistral",
    "mistralai": "mistral",
    "mistral": "mistral",
    "x_ai": "x-ai",
    "xai": "x-ai",
    "together_ai": "together",
    "together": "together",
    "fireworks_ai": "fireworks",
    "openai": "openai",
    "openai_chat": "openai",
    "text-completion-openai": "openai",
    "anthropic": "anthropic",
    "moonshot_ai": "moonshotai",
}
"""Values of gen_ai.provider.name, of the older gen_ai.system, and of the dialects."""
_WORD = re.compile(r"^[\w.\-/]{1,64}$")
_BY_MODEL = (
    ("gpt-", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("text-embedding-", "openai"),
    ("claude", "anthropic"),
    ("gemini", "google"),
    ("mistral", "mistral"),
    ("grok", "x-ai"),
    ("deepseek", "deepseek"),
)


def provider_of(name: str, model: str = "") -> str:
    """The provider's key. Unknown names stay as they are; without a name, or with a text that is
    none, the model decides, and a model that says nothing gives "unknown"."""
    lowered = name.strip().lower()
    if lowered and _WORD.match(lowered):
        return NAMES.get(lowered, lowered)
    model = model.lower()
    return next((found for start, found in _BY_MODEL if model.startswith(start)), "unknown")
