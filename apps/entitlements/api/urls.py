"""Addresses of entitlements in the API."""

from django.urls import path

from apps.entitlements.api import views

urlpatterns = [
    path("entitlements/", views.EntitlementListView.as_view(), name="api-entitlements"),
    path("entitlements/use/", views.UseView.as_view(), name="api-entitlement-use"),
    path("entitlements/context/", views.ContextView.as_view(), name="api-entitlement-context"),
    path("entitlements/tiers/", views.TiersInForceView.as_view(), name="api-tiers-in-force"),
    path(
        "entitlements/<uuid:entitlement_id>/",
        views.EntitlementView.as_view(),
        name="api-entitlement",
    ),
    path(
        "entitlements/<uuid:entitlement_id>/end/",
        views.EndView.as_view(),
        name="api-entitlement-end",
    ),
]
