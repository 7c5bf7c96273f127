"""Pages of the portal inside an organization."""

from django.urls import path

from apps.portal.web import domains, explore, home, inform, league, trends

app_name = "portal"
urlpatterns = [
    path("", home.home, name="home"),
    path("inform/", inform.inform, name="inform"),
    path("inform/domains/", domains.DevelopmentPage.as_view(), name="development"),
    path("inform/domains/production/", domains.ProductionPage.as_view(), name="production"),
    path("inform/domains/pipelines/", domains.PipelinePage.as_view(), name="pipeline"),
    path("inform/domains/business-users/", domains.AnalyticsPage.as_view(), name="analytics"),
    path(
        "inform/domains/business-users/people/",
        domains.PeoplePage.as_view(),
        name="analytics_people",
    ),
    path("inform/workflows/", league.LeaguePage.as_view(), name="league"),
    path("inform/explore/", explore.explore, name="explore"),
    path("inform/trends/", trends.trends, name="trends"),
]
