"""Pages of planning."""

from django.urls import path

from apps.planning.web import cycles, detail, envelope

app_name = "planning"
urlpatterns = [
    path("planning/", cycles.Cycles.as_view(), name="list"),
    path("planning/new/", cycles.NewCycle.as_view(), name="new"),
    path("planning/<uuid:cycle_id>/", detail.CyclePage.as_view(), name="detail"),
    path("planning/<uuid:cycle_id>/rounds/", detail.Rounds.as_view(), name="rounds"),
    path("planning/<uuid:cycle_id>/rounds/new/", cycles.NewRound.as_view(), name="round_new"),
    path("planning/<uuid:cycle_id>/teams/new/", cycles.AddTeam.as_view(), name="team_new"),
    path("planning/<uuid:cycle_id>/lock/", cycles.LockCycle.as_view(), name="lock"),
    path(
        "planning/envelopes/<uuid:envelope_id>/", envelope.EnvelopePage.as_view(), name="envelope"
    ),
    path(
        "planning/envelopes/<uuid:envelope_id>/request/",
        envelope.RequestEnvelope.as_view(),
        name="request",
    ),
    path(
        "planning/envelopes/<uuid:envelope_id>/allocate/",
        envelope.AllocateEnvelope.as_view(),
        name="allocate",
    ),
    path(
        "planning/envelopes/<uuid:envelope_id>/budget/",
        envelope.OpenBudget.as_view(),
        name="budget",
    ),
]
