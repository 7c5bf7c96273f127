"""Known actions. An event with an action that nobody registered is refused."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """A kind of event: its stable name (`story.submitted`) and the words shown to people."""

    name: str
    label: str


_actions: dict[str, Action] = {}


def register(name: str, label: str) -> str:
    """Make an action known (in `<app>/events.py`); the name, for use as a constant."""
    known = _actions.get(name)
    if known and known.label != label:
        raise ValueError(f"action {name} is already registered as {known.label!r}")
    _actions[name] = Action(name, label)
    return name


def get(name: str) -> Action:
    """The action; LookupError for an unregistered one."""
    try:
        return _actions[name]
    except KeyError:
        raise LookupError(f"unregistered trail action {name!r}: register it in events.py") from None


def label_of(name: str) -> str:
    """Words for a stored action; its name when the code no longer knows it."""
    action = _actions.get(name)
    return action.label if action else name


def all_actions() -> list[Action]:
    return sorted(_actions.values(), key=lambda action: action.name)
