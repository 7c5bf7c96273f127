"""Settings of an organization."""

from django.urls import path

from apps.organizations.web import general, invitations, keys, people, support, units

app_name = "organizations"
urlpatterns = [
    path("settings/", general.General.as_view(), name="settings"),
    path("settings/roles/", general.roles, name="roles"),
    path("settings/units/", units.Units.as_view(), name="units"),
    path("settings/units/new/", units.NewUnit.as_view(), name="unit_new"),
    path("settings/units/<uuid:pk>/", units.UnitPage.as_view(), name="unit"),
    path("settings/units/<uuid:pk>/move/", units.MoveUnit.as_view(), name="unit_move"),
    path("settings/units/<uuid:pk>/retire/", units.RetireUnit.as_view(), name="unit_retire"),
    path("settings/units/<uuid:pk>/restore/", units.RestoreUnit.as_view(), name="unit_restore"),
    path("settings/people/", people.People.as_view(), name="people"),
    path("settings/people/<uuid:pk>/", people.PersonPage.as_view(), name="person"),
    path(
        "settings/people/<uuid:pk>/roles/<uuid:binding>/take/",
        people.TakeRole.as_view(),
        name="role_take",
    ),
    path(
        "settings/people/<uuid:pk>/suspend/", people.SuspendPerson.as_view(), name="person_suspend"
    ),
    path(
        "settings/people/<uuid:pk>/restore/", people.RestorePerson.as_view(), name="person_restore"
    ),
    path("settings/invitations/", invitations.Invitations.as_view(), name="invitations"),
    path("settings/invitations/new/", invitations.Invite.as_view(), name="invitation_new"),
    path(
        "settings/invitations/<uuid:pk>/", invitations.InvitationPage.as_view(), name="invitation"
    ),
    path(
        "settings/invitations/<uuid:pk>/revoke/",
        invitations.RevokeInvitation.as_view(),
        name="invitation_revoke",
    ),
    path("settings/keys/", keys.Keys.as_view(), name="keys"),
    path("settings/keys/new/", keys.NewKey.as_view(), name="key_new"),
    path("settings/keys/<uuid:pk>/", keys.KeyPage.as_view(), name="key"),
    path("settings/keys/<uuid:pk>/rotate/", keys.RotateKey.as_view(), name="key_rotate"),
    path("settings/keys/<uuid:pk>/revoke/", keys.RevokeKey.as_view(), name="key_revoke"),
    path("settings/support/", support.Visits.as_view(), name="support"),
    path("settings/support/<uuid:pk>/end/", support.EndVisit.as_view(), name="visit_end"),
]
