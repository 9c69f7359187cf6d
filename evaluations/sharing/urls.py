"""Addresses of an evaluation's overview, and of how it is shared, discussed and accounted for."""

from django.urls import path

from evaluations.sharing.views import discussion, notices, overview, partnerships, record, releases, reports, stages

urlpatterns = [
    path("evaluations/<int:pk>/", overview.overview, name="evaluation"),
    path("evaluations/<int:pk>/runs/<int:run_pk>/release/", releases.release_request, name="release-request"),
    path("evaluations/<int:pk>/runs/<int:run_pk>/report/", reports.report, name="run-report"),
    path("evaluations/<int:pk>/runs/<int:run_pk>/report.pdf", reports.report_pdf, name="run-report-pdf"),
    path("evaluations/<int:pk>/sharing/", overview.sharing_page, name="sharing"),
    path("evaluations/<int:pk>/sharing/reviews/<int:review_pk>/", releases.review_page, name="review"),
    path(
        "evaluations/<int:pk>/sharing/reviews/<int:review_pk>/back/",
        releases.review_take_back,
        name="review-take-back",
    ),
    path("evaluations/<int:pk>/sharing/<int:publication_pk>/withdraw/", releases.withdraw, name="withdraw"),
    path("evaluations/<int:pk>/sharing/partners/", stages.partner_add, name="partner-add"),
    path("evaluations/<int:pk>/sharing/partners/<int:organisation_pk>/end/", stages.partner_end, name="partner-end"),
    path("evaluations/<int:pk>/sharing/stage/<slug:to_stage>/", stages.stage, name="stage"),
    path("evaluations/<int:pk>/sharing/withdraw/", stages.withdraw_all, name="withdraw-all"),
    path("evaluations/<int:pk>/discussion/", discussion.discussion, name="discussion"),
    path("evaluations/<int:pk>/discussion/<int:comment_pk>/close/", discussion.comment_resolve, name="comment-resolve"),
    path("notices/", notices.notices, name="notices"),
    path("notices/read/", notices.notices_read, name="notices-read"),
    path("notices/letters/", notices.notices_letters, name="notices-letters"),
    path("notices/feed/", notices.notices_feed_new, name="notices-feed-new"),
    path("notices/feed/<str:key>/", notices.notices_feed, name="notices-feed"),
    path("partnerships/", partnerships.partnership_list, name="partnerships"),
    path("partnerships/new/", partnerships.partnership_new, name="partnership-new"),
    path("partnerships/join/<str:token>/", partnerships.partnership_join, name="partnership-join"),
    path("partnerships/<int:pk>/", partnerships.partnership_home, name="partnership"),
    path("partnerships/<int:pk>/invite/", partnerships.partnership_invite, name="partnership-invite"),
    path(
        "partnerships/<int:pk>/leave/<int:organisation_pk>/", partnerships.partnership_leave, name="partnership-leave"
    ),
    path("partnerships/<int:pk>/dissolve/", partnerships.partnership_dissolve, name="partnership-dissolve"),
    path("evaluations/<int:pk>/partnership/", stages.evaluation_partnership, name="evaluation-partnership"),
    path("evaluations/<int:pk>/transfer/", stages.evaluation_transfer, name="evaluation-transfer"),
    path("evaluations/<int:pk>/record/", record.record, name="record"),
    path("evaluations/<int:pk>/runs/<int:run_pk>/account/", record.run_account, name="run-account"),
    path("evaluations/<int:pk>/data-flow/", record.data_flow_sheet, name="data-flow"),
    path("evaluations/<int:pk>/audit/", record.audit, name="audit"),
]
