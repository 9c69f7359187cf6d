"""Addresses of the catalogue's pages."""

from django.contrib.sitemaps.views import sitemap
from django.urls import path

from evidence.briefs import views as briefs
from evidence.estimates import synthesis_views
from evidence.estimates import views as estimates
from evidence.gap_map import views as gap_map
from evidence.ratings import views as ratings
from evidence.search import views as search
from evidence.search.sitemaps import SITEMAPS

urlpatterns = [
    path("", search.start, name="start"),
    path("interventions/", search.interventions, name="interventions"),
    path("interventions/<slug:slug>/", briefs.intervention, name="intervention"),
    path("interventions/<slug:slug>/synthesis/", synthesis_views.synthesis, name="synthesis"),
    path("methods/worked-synthesis/", synthesis_views.worked_example, name="worked-synthesis"),
    path("studies/", search.studies, name="studies"),
    path("estimates/", search.estimates, name="estimates"),
    path("estimates/<int:pk>/", estimates.estimate, name="estimate"),
    path("studies/<int:pk>/", ratings.study, name="study"),
    path("places/", search.places, name="places"),
    path("places/<str:code>/", search.place, name="place"),
    path("outcomes/", search.outcomes, name="outcomes"),
    path("outcomes/<slug:slug>/", search.outcome, name="outcome"),
    path("target-groups/<slug:slug>/", search.target_group, name="target-group"),
    path("gap-map/", gap_map.gaps, name="gap-map"),
    path("sitemap.xml", sitemap, {"sitemaps": SITEMAPS}, name="sitemap"),
]
