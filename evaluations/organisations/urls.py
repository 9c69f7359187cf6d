"""Addresses of organisations."""

from django.urls import path

from evaluations.organisations import invitation_views
from evaluations.organisations import member_views as views

urlpatterns = [
    path("invitations/", invitation_views.invitations, name="invitations"),
    path("invitations/<int:pk>/send/", invitation_views.invitation_resend, name="invitation-resend"),
    path("invitations/<int:pk>/withdraw/", invitation_views.invitation_withdraw, name="invitation-withdraw"),
    path("account/organisations/<int:pk>/", views.organisation, name="organisation"),
    path("account/organisations/<int:pk>/members/<int:membership_pk>/", views.member_change, name="member-change"),
    path(
        "account/organisations/<int:pk>/invitations/<int:invitation_pk>/revoke/",
        views.invitation_revoke,
        name="invitation-revoke",
    ),
    path("account/organisations/<int:pk>/audit.csv", views.organisation_audit, name="organisation-audit"),
]
