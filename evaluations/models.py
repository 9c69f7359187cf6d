"""Gathers the subjects' models for Django."""

from evaluations.datasets.models import Dataset
from evaluations.editing.models import Change, Suggestion
from evaluations.organisations.models import (
    ApiToken,
    AuditChain,
    AuditEvent,
    Invitation,
    Membership,
    Organisation,
    Partnership,
    PartnershipMember,
    User,
)
from evaluations.plans.models import AnalysisPlan
from evaluations.runs.models import AnalysisRun, RunBlock, RunPass, WithheldCounts
from evaluations.saved.models import SavedSearch, ShortList, ShortListItem
from evaluations.sharing.models import Comment, Notice, NoticeChoice, Publication, Review, RunAccount
from evaluations.workspaces.models import Evaluation, PolicyChange, Share, StageChange

__all__ = [
    "AnalysisPlan",
    "AnalysisRun",
    "ApiToken",
    "AuditChain",
    "AuditEvent",
    "Change",
    "Comment",
    "Dataset",
    "Evaluation",
    "Invitation",
    "Membership",
    "Notice",
    "NoticeChoice",
    "Organisation",
    "Partnership",
    "PartnershipMember",
    "PolicyChange",
    "Publication",
    "Review",
    "RunAccount",
    "RunBlock",
    "RunPass",
    "SavedSearch",
    "Share",
    "ShortList",
    "ShortListItem",
    "StageChange",
    "Suggestion",
    "User",
    "WithheldCounts",
]
