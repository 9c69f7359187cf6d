"""What can be allowed at all."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Permission(StrEnum):
    """Something a person may be allowed to do to an organisation, a partnership or an evaluation."""

    SEE_EVALUATION = "see_evaluation"
    SEE_PLAN = "see_plan"
    SEE_RESULTS = "see_results"
    SEE_ROWS = "see_rows"
    COMMENT = "comment"
    EDIT_EVALUATION = "edit_evaluation"
    UPLOAD_DATA = "upload_data"
    DELETE_DATA = "delete_data"
    WRITE_PLAN = "write_plan"
    LOCK_PLAN = "lock_plan"
    RUN = "run"
    CANCEL_RUN = "cancel_run"
    REQUEST_RELEASE = "request_release"
    RELEASE = "release"
    SHARE = "share"
    WITHDRAW = "withdraw"
    TRANSFER = "transfer"
    SEE_AUDIT = "see_audit"
    SEE_ORGANISATION = "see_organisation"
    CREATE_EVALUATION = "create_evaluation"
    MANAGE_MEMBERS = "manage_members"
    CREATE_PARTNERSHIP = "create_partnership"
    SEE_PARTNERSHIP = "see_partnership"
    MANAGE_PARTNERSHIP = "manage_partnership"
    LEAVE_PARTNERSHIP = "leave_partnership"
    EDIT_CATALOGUE = "edit_catalogue"


Grants = Mapping[int, frozenset[Permission]]
"""Organisation id to the permissions its members could have, each from the role it asks for upwards."""

ALL_PERMISSIONS = frozenset(Permission)
