"""Loading the package's price book."""

import pytest
from django.db import ProgrammingError, transaction

from apps.pricing import selectors
from apps.pricing.catalogue import Catalogue
from apps.pricing.models import AIModel, ListPrice, PriceBookVersion, Provider
from apps.pricing.seed import seed_price_book
from tests.factories.pricing import load_prices, small_catalogue

pytestmark = pytest.mark.django_db


def test_everything_of_the_catalogue_is_loaded_once():
    first = load_prices()
    again = load_prices()
    assert first.added == first.prices == ListPrice.objects.count()
    assert Provider.objects.count() == first.providers
    assert AIModel.objects.count() == first.models
    assert again.unchanged
    assert PriceBookVersion.objects.count() == 1


def test_a_corrected_price_is_a_new_row_and_the_old_one_stays():
    load_prices()
    found = small_catalogue()
    gone, *rest = found.prices
    done = load_prices(Catalogue("genai-prices next", found.providers, found.models, tuple(rest)))
    assert (done.added, done.superseded) == (0, 1)
    assert not ListPrice.objects.get(id=gone.id).is_current
    back = load_prices()
    assert (back.added, back.superseded) == (0, 0)
    assert ListPrice.objects.get(id=gone.id).is_current


def test_the_app_role_may_read_prices_and_not_write_them():
    load_prices()
    assert selectors.latest_version().prices == ListPrice.objects.count()
    with pytest.raises(ProgrammingError), transaction.atomic():
        ListPrice.objects.update(output=0)
    with pytest.raises(ProgrammingError), transaction.atomic():
        PriceBookVersion.objects.all().delete()
        seed_price_book()
