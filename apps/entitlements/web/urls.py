"""Pages of entitlements."""

from django.urls import path

from apps.entitlements.web import context, listing, one, tiers, use

app_name = "entitlements"
urlpatterns = [
    path("entitlements/", listing.Entitlements.as_view(), name="list"),
    path("entitlements/use/", use.UsePage.as_view(), name="use"),
    path("entitlements/context/", context.ContextPage.as_view(), name="context"),
    path("entitlements/tiers/", tiers.TiersInForce.as_view(), name="tiers"),
    path("entitlements/tiers/person/", tiers.PersonTier.as_view(), name="tier_person"),
    path("entitlements/tiers/<uuid:unit_id>/", tiers.UnitTier.as_view(), name="tier_unit"),
    path("entitlements/<uuid:entitlement_id>/", one.EntitlementPage.as_view(), name="detail"),
    path("entitlements/<uuid:entitlement_id>/end/", one.End.as_view(), name="end"),
]
