"""Addresses of data."""

from django.urls import path

from evaluations.datasets.views import building, comparing, joining, pages, site_lists, templates, upload

urlpatterns = [
    path("evaluations/templates/", templates.template_list, name="data-templates"),
    path("evaluations/templates/<slug:name>.csv", templates.template_download, name="data-template"),
    path("evaluations/templates/<slug:name>.xlsx", templates.workbook_download, name="data-template-workbook"),
    path(
        "evaluations/templates/<slug:name>/dictionary.csv",
        templates.dictionary_download,
        name="data-template-dictionary",
    ),
    path("evaluations/<int:pk>/data/", pages.dataset_list, name="datasets"),
    path("evaluations/<int:pk>/data/upload/", upload.dataset_upload, name="dataset-upload"),
    path("evaluations/<int:pk>/data/compare/", comparing.compare, name="dataset-compare"),
    path("evaluations/<int:pk>/data/join/", joining.join, name="dataset-join"),
    path("evaluations/<int:pk>/data/order/<str:token>/", upload.dataset_tidy, name="dataset-tidy"),
    path("evaluations/<int:pk>/data/sites/", site_lists.sites_use, name="sites-use"),
    path("evaluations/<int:pk>/data/<int:dataset_pk>/catalogue/", site_lists.sites_save, name="sites-save"),
    path("sites/<int:pk>/decide/", site_lists.sites_decide, name="site-list-decide"),
    path("evaluations/<int:pk>/data/<int:dataset_pk>/", pages.dataset_page, name="dataset"),
    path("evaluations/<int:pk>/data/<int:dataset_pk>/treatment/", building.treatment, name="dataset-treatment"),
    path("evaluations/<int:pk>/data/<int:dataset_pk>/places/", building.places, name="dataset-places"),
    path("evaluations/<int:pk>/data/<int:dataset_pk>/rows.csv", pages.dataset_rows, name="dataset-rows"),
    path("evaluations/<int:pk>/data/<int:dataset_pk>/delete/", pages.dataset_delete, name="dataset-delete"),
]
