"""Addresses of an evaluation's overview, its reviews and releases."""

from django.urls import path

from evaluations.sharing import views

urlpatterns = [
    path("evaluations/<int:pk>/", views.overview, name="evaluation"),
    path("evaluations/<int:pk>/sharing/", views.sharing_page, name="sharing"),
    path("evaluations/<int:pk>/runs/<int:run_pk>/release/", views.release_request, name="release-request"),
    path("evaluations/<int:pk>/sharing/reviews/<int:review_pk>/", views.review_page, name="review"),
    path("evaluations/<int:pk>/sharing/reviews/<int:review_pk>/back/", views.review_take_back, name="review-take-back"),
    path("evaluations/<int:pk>/sharing/<int:publication_pk>/withdraw/", views.withdraw, name="withdraw"),
]
