"""Addresses of plans."""

from django.urls import path

from evaluations.plans import views

urlpatterns = [
    path("methods/calculator/", views.calculator, name="calculator"),
    path("evaluations/<int:pk>/plan/", views.plan_page, name="plan"),
    path("evaluations/<int:pk>/plan/columns/", views.plan_columns, name="plan-columns"),
    path("evaluations/<int:pk>/plan/design/", views.plan_design, name="plan-design"),
    path("evaluations/<int:pk>/plan/options/", views.plan_options, name="plan-options"),
    path("evaluations/<int:pk>/plan/lock/", views.plan_lock, name="plan-lock"),
]
