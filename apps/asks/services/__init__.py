"""Changes of asks."""

from apps.asks.services.asking import ask_again, file_ask
from apps.asks.services.checking import AskInput, EntitlementInput

__all__ = ["AskInput", "EntitlementInput", "ask_again", "file_ask"]
