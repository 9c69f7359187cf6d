"""The addresses of the API, version 1."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny
from rest_framework.routers import DefaultRouter

from config.api_docs import api_docs
from evaluations.datasets.api import DatasetViewSet
from evaluations.datasets.site_api import SiteListViewSet
from evaluations.organisations.api import OrganisationViewSet, TokenViewSet
from evaluations.plans.api import PlanViewSet
from evaluations.runs.api import RunViewSet
from evaluations.sharing.api import ReviewViewSet
from evaluations.workspaces.api import EvaluationViewSet
from evidence.catalogue.api import OutcomeViewSet, SourceViewSet, TargetGroupViewSet
from evidence.search.api.interventions import InterventionViewSet
from evidence.search.api.places import PlaceViewSet
from evidence.search.api.searching import SearchedEstimateViewSet, SearchedStudyViewSet

router = DefaultRouter()
router.include_root_view = False
router.register("organisations", OrganisationViewSet, basename="organisation")
router.register("tokens", TokenViewSet, basename="token")
router.register("evaluations", EvaluationViewSet, basename="evaluation")
router.register("datasets", DatasetViewSet, basename="dataset")
router.register("sites", SiteListViewSet, basename="site-list")
router.register("plans", PlanViewSet, basename="plan")
router.register("runs", RunViewSet, basename="run")
router.register("reviews", ReviewViewSet, basename="review")
router.register("interventions", InterventionViewSet, basename="intervention")
router.register("estimates", SearchedEstimateViewSet, basename="estimate")
router.register("studies", SearchedStudyViewSet, basename="study")
router.register("outcomes", OutcomeViewSet, basename="outcome")
router.register("target-groups", TargetGroupViewSet, basename="target-group")
router.register("places", PlaceViewSet, basename="place")
router.register("sources", SourceViewSet, basename="source")

app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(permission_classes=[AllowAny]), name="schema"),
    path("docs/", api_docs, name="docs"),
    path("", include(router.urls)),
]
