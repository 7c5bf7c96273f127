"""Figures for Prometheus: requests by view and status, and their duration, at `/metrics`.

The page exists only with METRICS_TOKEN set, and answers whoever sends it as a bearer token. Labels
are names of views, never paths, so that their number is bounded and no id leaves the site.
"""

import hmac
import os
import time
from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)

from apps.access.web import public

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
REQUESTS = Counter("tokenops_http_requests", "Requests answered", ["method", "view", "status"])
DURATION = Histogram(
    "tokenops_http_request_seconds", "Time to answer a request", ["method", "view"], buckets=SECONDS
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class MetricsMiddleware:
    """Counts and times every request; the first middleware, so that it sees all of them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        view = (match.view_name or "unnamed") if match else "none"
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(method, view, response.status_code).inc()
        DURATION.labels(method, view).observe(time.perf_counter() - began)
        return response


@public("figures without data of an organization, behind a token of the operator")
def metrics(request: HttpRequest) -> HttpResponse:
    """All processes of this web server together."""
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        raise Http404
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return registry


urlpatterns = [path("metrics", metrics, name="metrics")]
