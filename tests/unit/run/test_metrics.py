import pytest
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from prometheus_client import REGISTRY

from tokenops.metrics import MetricsMiddleware, metrics


def scrape(token: str | None = None):
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return metrics(RequestFactory().get("/metrics", headers=headers))


def test_without_a_token_in_the_settings_there_is_no_such_page(settings) -> None:
    settings.METRICS_TOKEN = ""
    for token in (None, "", "guess"):
        with pytest.raises(Http404):
            scrape(token)


def test_a_wrong_token_learns_nothing(settings) -> None:
    settings.METRICS_TOKEN = "right"
    for token in (None, "", "wrong", "rïght"):
        with pytest.raises(Http404):
            scrape(token)


def test_requests_are_counted_by_view_never_by_path(settings) -> None:
    settings.METRICS_TOKEN = "right"
    request = RequestFactory().get("/o/acme/stories/TS-0117/")
    request.resolver_match = type("Match", (), {"view_name": "stories:detail"})()
    labels = {"method": "GET", "view": "stories:detail", "status": "404"}
    before = REGISTRY.get_sample_value("tokenops_http_requests_total", labels) or 0
    MetricsMiddleware(lambda _: HttpResponse(status=404))(request)
    assert REGISTRY.get_sample_value("tokenops_http_requests_total", labels) == before + 1
    text = scrape("right").content.decode()
    assert 'tokenops_http_request_seconds_count{method="GET",view="stories:detail"}' in text
    assert "TS-0117" not in text


def test_unknown_addresses_and_methods_share_one_label() -> None:
    request = RequestFactory().generic("BREW", "/nowhere")
    request.resolver_match = None
    MetricsMiddleware(lambda _: HttpResponse(status=404))(request)
    labels = {"method": "other", "view": "none", "status": "404"}
    assert REGISTRY.get_sample_value("tokenops_http_requests_total", labels) >= 1
