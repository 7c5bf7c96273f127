"""Entitlements in words."""

from apps.common import fmt
from apps.entitlements.enums import Gives, Reach
from apps.entitlements.rules import Fit, Wanted

_REACH = {
    Reach.FRONTIER: "models of every class, but restricted ones",
    Reach.RESTRICTED: "models of every class, restricted ones too",
}


def to_words(
    gives: str, reach: str, models: list[str] | tuple[str, ...], tokens: int | None
) -> str:
    """`anthropic/opus-5, openai/o9`; `up to 500,000 input tokens a call`."""
    if gives == Gives.CONTEXT:
        return f"up to {fmt.count(tokens)} input tokens a call"
    words = [_REACH[Reach(reach)]] if reach in _REACH else []
    return ", ".join([*words, *models])


def fit_words(fit: Fit) -> list[tuple[bool, str]]:
    """(within, sentence): input a call, then models that neither tier nor entitlement gives."""
    found = []
    used = f"{fmt.count(fit.input_per_call)} input tokens a call"
    if fit.limit is None:
        found.append((True, f"{used}; no limit applies"))
    elif fit.over_context:
        found.append((False, f"{used}, entitled to {fmt.count(fit.limit)}: ask with evidence"))
    else:
        found.append((True, f"{used} of {fmt.count(fit.limit)} it may have"))
    if fit.outside:
        names = ", ".join(model.key for model in fit.outside)
        found.append((False, f"No entitlement to {names}"))
    return found


def wanted_words(wanted: Wanted) -> str:
    return to_words(wanted.gives, wanted.reach, wanted.models, wanted.context_tokens)
