"""Changes of asks."""

from apps.asks.services.asking import AskInput, EntitlementInput, ask_again, file_ask

__all__ = ["AskInput", "EntitlementInput", "ask_again", "file_ask"]
