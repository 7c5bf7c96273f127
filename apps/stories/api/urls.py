"""Addresses of stories under /api/v1/."""

from django.urls import path

from apps.stories.api import after, band, design, discussion, planning, returns, value, views

urlpatterns = [
    path("stories/", views.StoryListView.as_view(), name="api-stories"),
    path("stories/check/", planning.CheckView.as_view(), name="api-story-check"),
    path("stories/import/", planning.ImportView.as_view(), name="api-story-import"),
    path("stories/accuracy/", after.AccuracyView.as_view(), name="api-story-accuracy"),
    path("stories/gaps/", after.GapsView.as_view(), name="api-story-gaps"),
    path("stories/returns/", returns.ReturnsView.as_view(), name="api-story-returns"),
    path("stories/initiatives/", after.InitiativesView.as_view(), name="api-initiatives"),
    path(
        "stories/<slug:ref>/true-up/report/",
        after.TrueUpReportView.as_view(),
        name="api-story-true-up-report",
    ),
    path("stories/<slug:ref>/", views.StoryView.as_view(), name="api-story"),
    path("stories/<slug:ref>/submit/", views.SubmitView.as_view(), name="api-story-submit"),
    path("stories/<slug:ref>/withdraw/", views.WithdrawView.as_view(), name="api-story-withdraw"),
    path("stories/<slug:ref>/amend/", views.AmendView.as_view(), name="api-story-amend"),
    path("stories/<slug:ref>/discard/", views.DiscardView.as_view(), name="api-story-discard"),
    path("stories/<slug:ref>/delivery/", views.DeliveryView.as_view(), name="api-story-delivery"),
    path("stories/<slug:ref>/live/", views.LiveView.as_view(), name="api-story-live"),
    path("stories/<slug:ref>/band/", band.StoryBandView.as_view(), name="api-story-band"),
    path("stories/<slug:ref>/true-up/", views.TrueUpView.as_view(), name="api-story-true-up"),
    path(
        "stories/<slug:ref>/supersede/", views.SupersedeView.as_view(), name="api-story-supersede"
    ),
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
    path("stories/<slug:ref>/value/", value.StoryValueView.as_view(), name="api-story-value"),
    path("stories/<slug:ref>/diff/", after.DiffView.as_view(), name="api-story-diff"),
    path("stories/<slug:ref>/similar/", planning.SimilarView.as_view(), name="api-story-similar"),
    path("stories/<slug:ref>/issue/", planning.IssueView.as_view(), name="api-story-issue"),
    path("story-starts/", planning.StartsView.as_view(), name="api-story-starts"),
    path("story-templates/", planning.TemplateListView.as_view(), name="api-story-templates"),
    path(
        "story-templates/<uuid:template_id>/",
        planning.TemplateView.as_view(),
        name="api-story-template",
    ),
    path(
        "story-templates/<uuid:template_id>/retire/",
        planning.TemplateRetireView.as_view(),
        name="api-story-template-retire",
    ),
    path(
        "story-templates/<uuid:template_id>/restore/",
        planning.TemplateRestoreView.as_view(),
        name="api-story-template-restore",
    ),
    path("estimating/", planning.EstimatingView.as_view(), name="api-estimating"),
    path("estimating/sizes/", planning.SizesView.as_view(), name="api-estimating-sizes"),
    path(
        "estimating/references/",
        planning.ReferencesView.as_view(),
        name="api-estimating-references",
    ),
    path("estimating/value/", planning.ValuePolicyView.as_view(), name="api-estimating-value"),
    path(
        "estimating/amendments/",
        planning.ReapprovalView.as_view(),
        name="api-estimating-reapproval",
    ),
    path("design-review/", design.DesignReviewView.as_view(), name="api-design-review"),
    path("estimates/", views.EstimateView.as_view(), name="api-estimates"),
]
