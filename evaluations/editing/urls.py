"""Addresses of the editors' pages, of suggestions, and of what everyone may read about changes."""

from django.urls import path, re_path

from evaluations.editing.views import imports, logs, queue, ratings, records, suggestions

RATED = r"^(?P<of>interventions|studies)/(?P<name>[-a-zA-Z0-9_]+)/ratings/"

urlpatterns = [
    path("editing/", queue.queue, name="editing"),
    path("editing/changes/<int:pk>/", queue.change, name="change"),
    path("editing/changes/<int:pk>/take-back/", queue.change_take_back, name="change-take-back"),
    path("editing/changes/<int:pk>/propose/", queue.change_propose, name="change-propose"),
    path("editing/changes/<int:pk>/undo/", queue.change_undo, name="change-undo"),
    path("editing/import/", imports.import_file, name="import"),
    path("editing/import/<slug:kind>.csv", imports.import_template, name="import-template"),
    path("editing/suggestions/<int:pk>/", suggestions.suggestion_answer, name="suggestion-answer"),
    path("editing/sources/", queue.sources, name="editing-sources"),
    path("editing/estimates/<int:pk>/withdraw/", records.estimate_withdraw, name="estimate-withdraw"),
    path("editing/<slug:plural>/new/", records.record_new, name="record-new"),
    path("editing/<slug:plural>/merge/", records.record_merge, name="record-merge"),
    path("editing/<slug:plural>/<int:pk>/", records.record_edit, name="record-edit"),
    path("editing/<slug:plural>/<int:pk>/remove/", records.record_remove, name="record-remove"),
    path("suggest/", suggestions.suggestion_new, name="suggest"),
    path("suggest/<str:token>/", suggestions.suggestion, name="suggestion"),
    path("interventions/<slug:slug>/changes/", logs.intervention_log, name="intervention-log"),
    path("studies/<int:pk>/changes/", logs.study_log, name="study-log"),
    path("outcomes/<slug:slug>/changes/", logs.outcome_log, name="outcome-log"),
    path("target-groups/<slug:slug>/changes/", logs.target_group_log, name="target-group-log"),
    re_path(RATED + r"$", ratings.ratings, name="ratings"),
    re_path(RATED + r"(?P<scheme_key>[a-z_]+)/$", ratings.rating, name="rating"),
]
