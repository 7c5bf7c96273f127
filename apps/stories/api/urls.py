"""Addresses of stories under /api/v1/."""

from django.urls import path

from apps.stories.api import discussion, views

urlpatterns = [
    path("stories/", views.StoryListView.as_view(), name="api-stories"),
    path("stories/<slug:ref>/", views.StoryView.as_view(), name="api-story"),
    path("stories/<slug:ref>/submit/", views.SubmitView.as_view(), name="api-story-submit"),
    path("stories/<slug:ref>/withdraw/", views.WithdrawView.as_view(), name="api-story-withdraw"),
    path("stories/<slug:ref>/amend/", views.AmendView.as_view(), name="api-story-amend"),
    path("stories/<slug:ref>/discard/", views.DiscardView.as_view(), name="api-story-discard"),
    path("stories/<slug:ref>/delivery/", views.DeliveryView.as_view(), name="api-story-delivery"),
    path("stories/<slug:ref>/live/", views.LiveView.as_view(), name="api-story-live"),
    path("stories/<slug:ref>/true-up/", views.TrueUpView.as_view(), name="api-story-true-up"),
    path("stories/<slug:ref>/close/", views.CloseView.as_view(), name="api-story-close"),
    path(
        "stories/<slug:ref>/discussion/",
        discussion.DiscussionView.as_view(),
        name="api-story-discussion",
    ),
    path(
        "stories/<slug:ref>/comments/",
        discussion.CommentListView.as_view(),
        name="api-story-comments",
    ),
    path(
        "stories/<slug:ref>/comments/<uuid:comment_id>/",
        discussion.CommentView.as_view(),
        name="api-story-comment",
    ),
    path("stories/<slug:ref>/files/", discussion.FileListView.as_view(), name="api-story-files"),
    path(
        "stories/<slug:ref>/files/<uuid:attachment_id>/",
        discussion.FileView.as_view(),
        name="api-story-file",
    ),
    path(
        "stories/<slug:ref>/work-items/",
        discussion.WorkItemListView.as_view(),
        name="api-story-work-items",
    ),
    path(
        "stories/<slug:ref>/work-items/<uuid:item_id>/",
        discussion.WorkItemView.as_view(),
        name="api-story-work-item",
    ),
    path("estimates/", views.EstimateView.as_view(), name="api-estimates"),
]
