"""Registers the evaluations app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class EvaluationsConfig(AppConfig):
    """The workspace: how it comes to be known."""

    name = "evaluations"

    def ready(self) -> None:
        """Keep the database's own guards in step with its tables, and let the rooms hear one another."""
        from evaluations.guards import put_up_guards, take_down_guards
        from evaluations.organisations.signals import invitation_accepted
        from evaluations.sharing.actions.notices import tell_of_acceptance

        pre_migrate.connect(take_down_guards, sender=self, dispatch_uid="evaluations.guards.down")
        invitation_accepted.connect(tell_of_acceptance, dispatch_uid="evaluations.notices.accepted")
        post_migrate.connect(put_up_guards, sender=self, dispatch_uid="evaluations.guards.up")
