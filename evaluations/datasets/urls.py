"""Addresses of data."""

from django.urls import path

from evaluations.datasets import views

urlpatterns = [
    path("evaluations/templates/<slug:name>.csv", views.template_download, name="data-template"),
    path("evaluations/<int:pk>/data/", views.dataset_list, name="datasets"),
    path("evaluations/<int:pk>/data/upload/", views.dataset_upload, name="dataset-upload"),
    path("evaluations/<int:pk>/data/order/<str:token>/", views.dataset_tidy, name="dataset-tidy"),
    path("evaluations/<int:pk>/data/<int:dataset_pk>/", views.dataset_page, name="dataset"),
    path("evaluations/<int:pk>/data/<int:dataset_pk>/rows.csv", views.dataset_rows, name="dataset-rows"),
    path("evaluations/<int:pk>/data/<int:dataset_pk>/delete/", views.dataset_delete, name="dataset-delete"),
]
