"""Addresses of stories, under /o/<organization>/."""

from django.urls import path

from apps.stories.web import discussion
from apps.stories.web.detail_page import StoryAct, StoryDetail, StoryDiff, StoryVersion
from apps.stories.web.form_page import EditStory, EstimateStory, NewStory, SaveDraft
from apps.stories.web.list_page import StoryList

app_name = "stories"

urlpatterns = [
    path("stories/", StoryList.as_view(), name="list"),
    path("stories/new/", NewStory.as_view(), name="new"),
    path("stories/estimate/", EstimateStory.as_view(), name="estimate"),
    path("stories/<slug:ref>/", StoryDetail.as_view(), name="detail"),
    path("stories/<slug:ref>/edit/", EditStory.as_view(), name="edit"),
    path("stories/<slug:ref>/draft/", SaveDraft.as_view(), name="draft"),
    path("stories/<slug:ref>/act/", StoryAct.as_view(), name="act"),
    path("stories/<slug:ref>/discussion/", discussion.Discussion.as_view(), name="discussion"),
    path("stories/<slug:ref>/discussion/remove/", discussion.remove, name="discussion_remove"),
    path("stories/<slug:ref>/files/<uuid:attachment_id>/", discussion.download, name="file"),
    path("stories/<slug:ref>/v/<int:number>/", StoryVersion.as_view(), name="version"),
    path("stories/<slug:ref>/diff/<int:old>..<int:new>/", StoryDiff.as_view(), name="diff"),
]
