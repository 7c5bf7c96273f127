"""The overview in sentences: the headline answers the first question before any chart is read."""

from apps.common import fmt
from apps.common.periods import month_of
from apps.ledger.web import why
from apps.portal.selectors.inform import Line, Overview


def money(view: Overview, nanos: int | None, style: str = "auto") -> str:
    return fmt.money(nanos, view.settings.currency, style)


def headline(view: Overview, period: str) -> str:
    """What was spent in the window, and how that stands against the days before."""
    spent = money(view, view.total.cost_nanos)
    name = _name(view, period)
    if view.change is None:
        return f"{name} cost {spent}" if view.has_use else f"No use in {_in(view, period)}"
    if abs(view.change) < 0.005:
        return f"{name} cost {spent}, level with {_before(view, period)}"
    word = "above" if view.change > 0 else "below"
    size = fmt.delta(abs(view.change)).lstrip("+")
    return f"{name} cost {spent}, {size} {word} {_before(view, period)}"


def _name(view: Overview, period: str) -> str:
    start = view.window.start
    match period:
        case "last_month":
            return f"{start:%B}"
        case "7d" | "30d" | "90d":
            return f"The last {period[:-1]} days"
        case "qtd":
            return f"The quarter since {start:%B}"
    return f"{start:%B} so far"


def _in(view: Overview, period: str) -> str:
    text = _name(view, period)
    return text[0].lower() + text[1:] if text.startswith("The") else text


def _before(view: Overview, period: str) -> str:
    if period in {"7d", "30d", "90d"}:
        return f"the {period[:-1]} days before"
    if period == "last_month":
        return f"{month_of(view.window.before_start).start:%B}"
    return f"the same days of {view.window.before_start:%B}"


def lede(view: Overview) -> str:
    """The largest reason and the team that moved most."""
    if not view.has_use:
        return "Connect a source, or choose another period."
    parts = []
    steps = why.steps(view.drivers)
    if steps and view.difference and view.change is not None:
        main = max(steps, key=lambda step: abs(step.value))
        parts.append(f"{main.label} moved cost most ({signed(view, int(main.value))}).")
    mover = top_mover(view)
    if mover and mover.difference:
        verb = "rose" if mover.difference > 0 else "fell"
        parts.append(f"{mover.label} {verb} most, by {money(view, abs(mover.difference))}.")
    return " ".join(parts)


def signed(view: Overview, nanos: int) -> str:
    return fmt.signed_money(nanos, view.settings.currency)


def top_mover(view: Overview) -> Line | None:
    """The team whose cost changed most."""
    moved = [line for line in view.units if line.difference]
    return max(moved, key=lambda line: abs(line.difference or 0), default=None)
