"""Pages of approvals, under `/o/<organization>/`."""

from django.urls import path

from apps.approvals.web import queue

app_name = "approvals"
urlpatterns = [
    path("approvals/", queue.Queue.as_view(), name="list"),
    path("approvals/<uuid:request_id>/", queue.Queue.as_view(), name="detail"),
    path("approvals/<uuid:request_id>/decide/", queue.Decide.as_view(), name="decide"),
    path("approvals/<uuid:request_id>/withdraw/", queue.Withdraw.as_view(), name="withdraw"),
]
