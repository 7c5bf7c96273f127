"""Models as entitlements see them: where they stand and how dear they are."""

from collections.abc import Iterable

from apps.common import clock
from apps.entitlements.rules import Model
from apps.portfolio.selectors import tiers_in_force
from apps.portfolio.tiers import model_class
from apps.pricing.selectors import price_book, standings


class Catalogue:
    """Standing and class of models, each looked up once."""

    def __init__(self) -> None:
        self._tiers = tiers_in_force()[0]
        self._standings = standings()
        self._book = price_book()
        self._known: dict[tuple[str, str], Model] = {}

    def of(self, provider: str, model: str) -> Model:
        """`provider` and `model` as usage records and assumptions name them."""
        pair = (provider, model)
        if pair not in self._known:
            self._known[pair] = self._read(*self._book.canonical(provider, model))
        return self._known[pair]

    def all(self, pairs: Iterable[tuple[str, str]]) -> list[Model]:
        return [self.of(*pair) for pair in dict.fromkeys(pairs)]

    def _read(self, provider: str, model: str) -> Model:
        price = self._book.resolve(provider, model, clock.now())
        output = price.rates.of("output") if price else None
        return Model(
            provider,
            model,
            self._standings.of(provider, model).value,
            model_class(self._tiers, output),
        )
