"""Addresses of the catalogue's pages."""

from django.contrib.sitemaps.views import index, sitemap
from django.urls import path, re_path

from evidence.briefs import views as briefs
from evidence.estimates import synthesis_views
from evidence.estimates import views as estimates
from evidence.gap_map import views as gap_map
from evidence.ratings import views as ratings
from evidence.search.feeds import SearchFeed
from evidence.search.sitemaps import SITEMAPS
from evidence.search.views import definitions, downloads, lists, places
from evidence.sites import views as sites

urlpatterns = [
    path("", lists.start, name="start"),
    path("interventions/", lists.interventions, name="interventions"),
    path("interventions/feed/", SearchFeed("intervention"), name="interventions-feed"),
    path("interventions/<slug:slug>/", briefs.intervention, name="intervention"),
    path("interventions/<slug:slug>/synthesis/", synthesis_views.synthesis, name="synthesis"),
    path("methods/worked-synthesis/", synthesis_views.worked_example, name="worked-synthesis"),
    path("studies/feed/", SearchFeed("study"), name="studies-feed"),
    path("estimates/feed/", SearchFeed("estimate"), name="estimates-feed"),
    path("data/", downloads.data, name="data"),
    re_path(r"^data/(?P<name>[a-z]+)\.(?P<ending>csv|parquet)$", downloads.data_file, name="data-file"),
    path("studies/", lists.studies, name="studies"),
    path("estimates/", lists.estimates, name="estimates"),
    path("estimates/<int:pk>/", estimates.estimate, name="estimate"),
    path("studies/<int:pk>/", ratings.study, name="study"),
    path("places/", places.places, name="places"),
    path("places/<str:code>/like/", places.like, name="places-like"),
    path("places/<str:code>/", places.place, name="place"),
    path("outcomes/", definitions.outcomes, name="outcomes"),
    path("outcomes/<slug:slug>/", definitions.outcome, name="outcome"),
    path("target-groups/<slug:slug>/", definitions.target_group, name="target-group"),
    path("interventions/<slug:slug>/brief/", briefs.brief, name="brief"),
    path("interventions/<slug:slug>/brief.pdf", briefs.brief_as_pdf, name="brief-pdf"),
    path("estimates/<int:pk>/report/", briefs.estimate_report, name="estimate-report"),
    path("estimates/<int:pk>/report.pdf", briefs.estimate_report_as_pdf, name="estimate-report-pdf"),
    path("sites/<int:pk>/", sites.site_list, name="site-list"),
    path("brief/", briefs.short_list_brief, name="short-list-brief"),
    path("compare/", briefs.compare, name="compare"),
    path("gap-map/", gap_map.gaps, name="gap-map"),
    path("sitemap.xml", index, {"sitemaps": SITEMAPS, "sitemap_url_name": "sitemap-part"}, name="sitemap"),
    path("sitemap-<str:section>.xml", sitemap, {"sitemaps": SITEMAPS}, name="sitemap-part"),
]
