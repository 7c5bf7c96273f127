"""Addresses of the organization in the API."""

from django.urls import path

from apps.organizations.api import entry, views

urlpatterns = [
    path("me/", views.MeView.as_view(), name="api-me"),
    path("organization/", views.OrganizationView.as_view(), name="api-organization"),
    path("units/", views.UnitListView.as_view(), name="api-units"),
    path("units/<uuid:unit_id>/", views.UnitView.as_view(), name="api-unit"),
    path("units/<uuid:unit_id>/move/", views.UnitMoveView.as_view(), name="api-unit-move"),
    path("units/<uuid:unit_id>/retire/", views.UnitRetireView.as_view(), name="api-unit-retire"),
    path("units/<uuid:unit_id>/restore/", views.UnitRestoreView.as_view(), name="api-unit-restore"),
    path("people/", views.PersonListView.as_view(), name="api-people"),
    path("people/<uuid:person_id>/", views.PersonView.as_view(), name="api-person"),
    path("people/<uuid:person_id>/roles/", views.RoleListView.as_view(), name="api-person-roles"),
    path(
        "people/<uuid:person_id>/roles/<uuid:binding_id>/",
        views.RoleView.as_view(),
        name="api-person-role",
    ),
    path(
        "people/<uuid:person_id>/suspend/", views.SuspendView.as_view(), name="api-person-suspend"
    ),
    path(
        "people/<uuid:person_id>/restore/", views.RestoreView.as_view(), name="api-person-restore"
    ),
    path("invitations/", entry.InvitationListView.as_view(), name="api-invitations"),
    path(
        "invitations/<uuid:invitation_id>/", entry.InvitationView.as_view(), name="api-invitation"
    ),
    path(
        "invitations/<uuid:invitation_id>/resend/",
        entry.InvitationResendView.as_view(),
        name="api-invitation-resend",
    ),
    path("api-keys/", entry.ApiKeyListView.as_view(), name="api-keys"),
    path("api-keys/<uuid:key_id>/", entry.ApiKeyView.as_view(), name="api-key"),
    path("api-keys/<uuid:key_id>/rotate/", entry.ApiKeyRotateView.as_view(), name="api-key-rotate"),
]
