"""Changes of asks."""

from apps.asks.services.asking import AskInput, ask_again, file_ask

__all__ = ["AskInput", "ask_again", "file_ask"]
