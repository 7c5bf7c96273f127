"""The installed package's price book, in memory."""

from functools import cache

from apps.pricing.book import ListBook, PriceBook
from apps.pricing.catalogue import package_catalogue


@cache
def package_book() -> PriceBook:
    found = package_catalogue()
    return PriceBook(ListBook.build(found.version, found.providers, found.models, found.prices))
