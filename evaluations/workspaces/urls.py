"""Addresses of evaluations."""

from django.urls import path

from evaluations.workspaces import views

urlpatterns = [
    path("evaluations/", views.evaluation_list, name="evaluations"),
    path("evaluations/new/", views.evaluation_new, name="evaluation-new"),
    path("evaluations/<int:pk>/edit/", views.evaluation_edit, name="evaluation-edit"),
    path("evaluations/<int:pk>/disclosure/", views.disclosure_policy, name="disclosure-policy"),
]
