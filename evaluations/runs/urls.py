"""Addresses of runs."""

from django.urls import path

from evaluations.runs import views

urlpatterns = [
    path("evaluations/examples/", views.examples, name="examples"),
    path("evaluations/<int:pk>/runs/", views.run_list, name="runs"),
    path("evaluations/<int:pk>/runs/start/", views.run_start, name="run-start"),
    path("evaluations/<int:pk>/runs/<int:run_pk>/", views.run_page, name="run"),
    path("evaluations/<int:pk>/runs/<int:run_pk>/progress/", views.run_progress, name="run-progress"),
    path("evaluations/<int:pk>/runs/<int:run_pk>/cancel/", views.run_cancel, name="run-cancel"),
    path("evaluations/<int:pk>/runs/<int:run_pk>/repeat/", views.run_repeat, name="run-repeat"),
    path("evaluations/<int:pk>/runs/<int:run_pk>/result.json", views.run_result, name="run-result"),
    path("evaluations/<int:pk>/runs/<int:run_pk>/<slug:part>.csv", views.run_numbers, name="run-numbers"),
]
