"""Addresses of stories, under /o/<organization>/."""

from django.urls import path

from apps.stories.web import (
    accuracy_page,
    design_page,
    discussion,
    gaps_page,
    import_page,
    more_pages,
    returns_page,
    settings_page,
    templates_page,
)
from apps.stories.web.detail_page import StoryAct, StoryDetail
from apps.stories.web.form_page import EditStory, EstimateStory, NewStory, SaveDraft
from apps.stories.web.list_page import StoryList
from apps.stories.web.value_page import ReportValue
from apps.stories.web.version_page import StoryDiff, StoryVersion

app_name = "stories"

urlpatterns = [
    path("stories/", StoryList.as_view(), name="list"),
    path("stories/new/", NewStory.as_view(), name="new"),
    path("stories/estimate/", EstimateStory.as_view(), name="estimate"),
    path("stories/similar/", more_pages.similar, name="similar"),
    path("stories/import/", import_page.ImportStories.as_view(), name="import"),
    path("stories/import/example.csv", import_page.example, name="import_example"),
    path("stories/accuracy/", accuracy_page.Accuracy.as_view(), name="accuracy"),
    path("stories/gaps/", gaps_page.PlanningGap.as_view(), name="gaps"),
    path("stories/returns/", returns_page.Returns.as_view(), name="returns"),
    path("stories/gaps/import/", gaps_page.ImportInitiatives.as_view(), name="initiatives"),
    path("stories/templates/", templates_page.TemplateList.as_view(), name="templates"),
    path(
        "stories/templates/<uuid:template_id>/",
        templates_page.TemplatePage.as_view(),
        name="template",
    ),
    path(
        "stories/templates/<uuid:template_id>/retire/",
        templates_page.RetireTemplate.as_view(),
        name="template_retire",
    ),
    path("settings/estimating/", settings_page.estimating, name="estimating"),
    path("settings/estimating/sizes/", settings_page.SizesPage.as_view(), name="sizes"),
    path(
        "settings/estimating/references/",
        settings_page.ReferencesPage.as_view(),
        name="references",
    ),
    path(
        "settings/estimating/value/", settings_page.ValuePolicyPage.as_view(), name="value_policy"
    ),
    path(
        "settings/estimating/amendments/",
        settings_page.ReapprovalPage.as_view(),
        name="reapproval",
    ),
    path(
        "settings/estimating/design/",
        design_page.DesignReviewPage.as_view(),
        name="design_review",
    ),
    path("stories/<slug:ref>/", StoryDetail.as_view(), name="detail"),
    path("stories/<slug:ref>/edit/", EditStory.as_view(), name="edit"),
    path("stories/<slug:ref>/draft/", SaveDraft.as_view(), name="draft"),
    path("stories/<slug:ref>/act/", StoryAct.as_view(), name="act"),
    path("stories/<slug:ref>/discussion/", discussion.Discussion.as_view(), name="discussion"),
    path("stories/<slug:ref>/discussion/remove/", discussion.remove, name="discussion_remove"),
    path("stories/<slug:ref>/files/<uuid:attachment_id>/", discussion.download, name="file"),
    path("stories/<slug:ref>/value/", ReportValue.as_view(), name="value"),
    path("stories/<slug:ref>/issue/", more_pages.issue, name="issue"),
    path("stories/<slug:ref>/template/", templates_page.KeepStory.as_view(), name="keep"),
    path("stories/<slug:ref>/v/<int:number>/", StoryVersion.as_view(), name="version"),
    path("stories/<slug:ref>/diff/", StoryDiff.as_view(), name="diff_pick"),
    path("stories/<slug:ref>/diff/<int:old>..<int:new>/", StoryDiff.as_view(), name="diff"),
]
