"""Changes to who sees what: releases, stages, comments."""

from evaluations.sharing.actions.accounts import account_for
from evaluations.sharing.actions.comments import add_comment, resolve_comment
from evaluations.sharing.actions.notices import send_letters, tell_retention_near
from evaluations.sharing.actions.partners import share_with, stop_sharing_with, transfer
from evaluations.sharing.actions.releases import (
    release,
    request_changes,
    request_release,
    take_back,
    withdraw_publication,
)
from evaluations.sharing.actions.stages import change_stage, follow_release, lift_embargoes, withdraw_evaluation

__all__ = [
    "account_for",
    "add_comment",
    "change_stage",
    "follow_release",
    "lift_embargoes",
    "release",
    "request_changes",
    "request_release",
    "resolve_comment",
    "send_letters",
    "share_with",
    "stop_sharing_with",
    "take_back",
    "tell_retention_near",
    "transfer",
    "withdraw_evaluation",
    "withdraw_publication",
]
