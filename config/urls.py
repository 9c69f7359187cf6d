"""Addresses: stable, because people cite them and clients rely on them."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import TemplateView

from config import documents, health
from evaluations.organisations.account_views import account_home, invitation, session_end, token_revoke, tokens

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("config.api_urls")),
    path("", include("evaluations.urls")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path(
        "methods/",
        documents.document,
        {
            "name": "methods",
            "title": "Methods",
            "lead": "What each estimator answers, what it assumes, how its errors are found, and when it refuses.",
        },
        name="methods",
    ),
    path("validation/", documents.validation, name="validation"),
    path("accessibility/", TemplateView.as_view(template_name="pages/accessibility.html"), name="accessibility"),
    path("credits/", TemplateView.as_view(template_name="pages/credits.html"), name="credits"),
    path("account/", account_home, name="account"),
    path("account/tokens/", tokens, name="account-tokens"),
    path("account/tokens/<int:pk>/revoke/", token_revoke, name="account-token-revoke"),
    path("account/invitation/<str:token>/", invitation, name="account-invitation"),
    path("account/sessions/<int:pk>/end/", session_end, name="account-session-end"),
    path("account/", include("allauth.urls")),
    path("", include("evidence.urls")),
]
