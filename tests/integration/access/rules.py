"""Who may reach which address: one rule for each name in the router. An address without a rule fails the suite."""

from dataclasses import dataclass

from evaluations.organisations.permissions import Permission

PUBLIC, SIGNED_IN, OWN = "public", "signed in", "own"


@dataclass(frozen=True)
class Rule:
    """`about` names the record whose permissions decide; without `see` it is not found, without `do` it is refused.

    `named`: beyond that, only one person may, so others are refused as well; or it names what may not be there.
    `or_editor`: the catalogue's editors may see it as well.
    """

    about: str
    see: Permission | None = None
    do: Permission | None = None
    get: bool = True
    post: bool = False
    do_is_hidden: bool = False
    only_post: Permission | None = None
    named: bool = False
    or_editor: bool = False


def on(see: Permission, do: Permission | None = None, **how) -> Rule:
    """A rule about the evaluation."""
    return Rule("evaluation", see, do, **how)


def site_list(**how) -> Rule:
    """A rule about a list of sites that waits for an editor."""
    return Rule("site list", Permission.SEE_ORGANISATION, or_editor=True, **how)


def editors(**how) -> Rule:
    """A rule about the catalogue's editors: nobody else finds the page."""
    return Rule("catalogue", Permission.EDIT_CATALOGUE, post=True, named=True, **how)


PAGES: dict[str, Rule] = {
    "editing": editors(),
    "editing-sources": editors(),
    "import": editors(),
    "import-template": editors(),
    "change": editors(),
    "change-take-back": editors(get=False),
    "change-propose": editors(get=False),
    "change-undo": editors(),
    "suggestion-answer": editors(),
    "record-new": editors(),
    "record-edit": editors(),
    "record-merge": editors(),
    "record-remove": editors(),
    "estimate-withdraw": editors(),
    "rating": editors(),
    "saved-searches": Rule(SIGNED_IN),
    "saved-search-new": Rule(OWN, post=True),
    "saved-search": Rule(OWN, post=True),
    "saved-search-seen": Rule(OWN, get=False, post=True),
    "saved-search-renew": Rule(OWN, get=False, post=True),
    "saved-search-delete": Rule(OWN, get=False, post=True),
    "saved-search-feed": Rule(PUBLIC),
    "search-unsubscribe": Rule(PUBLIC),
    "short-lists": Rule(SIGNED_IN, post=True),
    "short-list-add": Rule(OWN, post=True),
    "short-list": Rule(OWN, post=True),
    "short-list-own-brief": Rule(OWN),
    "short-list-share": Rule(OWN, get=False, post=True),
    "short-list-open-link": Rule(OWN, get=False, post=True),
    "short-list-delete": Rule(OWN, get=False, post=True),
    "short-list-item": Rule(OWN, get=False, post=True),
    "short-list-link": Rule(PUBLIC),
    "suggest": Rule(PUBLIC),
    "suggestion": Rule(PUBLIC),
    "intervention-log": Rule(PUBLIC),
    "study-log": Rule(PUBLIC),
    "outcome-log": Rule(PUBLIC),
    "target-group-log": Rule(PUBLIC),
    "ratings": Rule(PUBLIC),
    "evaluations": Rule(SIGNED_IN),
    "evaluation-new": Rule(OWN, post=True),
    "examples": Rule(SIGNED_IN, post=True),
    "evaluation": on(Permission.SEE_EVALUATION),
    "evaluation-edit": on(Permission.SEE_EVALUATION, Permission.EDIT_EVALUATION, post=True),
    "disclosure-policy": on(Permission.SEE_RESULTS, only_post=Permission.SHARE, post=True),
    "data-template": Rule(PUBLIC),
    "data-templates": Rule(PUBLIC),
    "data-template-workbook": Rule(PUBLIC),
    "data-template-dictionary": Rule(PUBLIC),
    "datasets": on(Permission.SEE_PLAN),
    "dataset": on(Permission.SEE_PLAN),
    "dataset-upload": on(Permission.UPLOAD_DATA, post=True),
    "dataset-tidy": on(Permission.UPLOAD_DATA, post=True, named=True),
    "dataset-treatment": on(Permission.UPLOAD_DATA, Permission.SEE_ROWS, post=True, do_is_hidden=True),
    "dataset-places": on(Permission.UPLOAD_DATA, Permission.SEE_ROWS, post=True, do_is_hidden=True),
    "dataset-join": on(Permission.UPLOAD_DATA, Permission.SEE_ROWS, post=True, do_is_hidden=True),
    "sites-use": on(Permission.UPLOAD_DATA, post=True),
    "sites-save": on(Permission.SEE_PLAN, Permission.UPLOAD_DATA, post=True, do_is_hidden=True, named=True),
    "site-list-decide": site_list(get=False, post=True, named=True),
    "dataset-compare": on(Permission.UPLOAD_DATA, post=True),
    "dataset-rows": on(Permission.SEE_ROWS),
    "dataset-delete": on(Permission.DELETE_DATA, post=True),
    "plan": on(Permission.SEE_PLAN),
    "plan-columns": on(Permission.SEE_PLAN, Permission.WRITE_PLAN, post=True),
    "plan-design": on(Permission.SEE_PLAN, Permission.WRITE_PLAN, post=True),
    "plan-options": on(Permission.SEE_PLAN, Permission.WRITE_PLAN, post=True),
    "plan-lock": on(Permission.SEE_PLAN, Permission.LOCK_PLAN, get=False, post=True),
    "runs": on(Permission.SEE_RESULTS),
    "run-start": on(Permission.SEE_PLAN, Permission.RUN, get=False, post=True),
    "run": on(Permission.SEE_RESULTS),
    "run-report": on(Permission.SEE_RESULTS),
    "run-report-pdf": on(Permission.SEE_RESULTS),
    "run-progress": on(Permission.SEE_RESULTS),
    "run-cancel": on(Permission.SEE_RESULTS, Permission.CANCEL_RUN, get=False, post=True),
    "run-repeat": on(Permission.SEE_RESULTS, Permission.RUN, get=False, post=True),
    "run-result": on(Permission.SEE_RESULTS),
    "run-numbers": on(Permission.SEE_RESULTS),
    "release-request": on(Permission.SEE_RESULTS, Permission.REQUEST_RELEASE, post=True),
    "sharing": on(Permission.SEE_RESULTS),
    "review": on(Permission.SEE_RESULTS),
    "review-take-back": on(Permission.SEE_RESULTS, Permission.REQUEST_RELEASE, get=False, post=True),
    "withdraw": on(Permission.SEE_RESULTS, Permission.WITHDRAW, post=True),
    "withdraw-all": on(Permission.SEE_RESULTS, Permission.WITHDRAW, post=True),
    "partner-add": on(Permission.SEE_RESULTS, Permission.SHARE, get=False, post=True),
    "partner-end": on(Permission.SEE_RESULTS, Permission.SHARE, get=False, post=True),
    "stage": on(Permission.SEE_RESULTS, Permission.SHARE, post=True),
    "evaluation-partnership": on(Permission.SEE_RESULTS, Permission.SHARE, get=False, post=True),
    "evaluation-transfer": on(Permission.SEE_RESULTS, Permission.TRANSFER, get=False, post=True),
    "discussion": on(Permission.SEE_PLAN),
    "comment-resolve": on(Permission.SEE_PLAN, Permission.WRITE_PLAN, get=False, post=True),
    "record": on(Permission.SEE_RESULTS),
    "run-account": on(Permission.SEE_RESULTS, Permission.SHARE, post=True, named=True),
    "data-flow": on(Permission.SEE_EVALUATION, Permission.SEE_AUDIT),
    "audit": on(Permission.SEE_EVALUATION, Permission.SEE_AUDIT),
    "organisation": Rule("organisation", Permission.SEE_ORGANISATION),
    "member-change": Rule("organisation", Permission.SEE_ORGANISATION, Permission.MANAGE_MEMBERS, get=False, post=True),
    "invitation-revoke": Rule(
        "organisation", Permission.SEE_ORGANISATION, Permission.MANAGE_MEMBERS, get=False, post=True
    ),
    "organisation-audit": Rule("organisation", Permission.SEE_ORGANISATION, Permission.SEE_AUDIT),
    "notices": Rule(SIGNED_IN),
    "notices-read": Rule(SIGNED_IN, get=False, post=True),
    "notices-letters": Rule(SIGNED_IN, get=False, post=True),
    "notices-feed-new": Rule(SIGNED_IN, get=False, post=True),
    "invitations": Rule(SIGNED_IN),
    "invitation-resend": Rule("invitation", Permission.MANAGE_MEMBERS, get=False, post=True),
    "invitation-withdraw": Rule("invitation", Permission.MANAGE_MEMBERS, get=False, post=True),
    "partnerships": Rule(SIGNED_IN),
    "partnership-new": Rule(SIGNED_IN, post=True),
    "partnership": Rule("partnership", Permission.SEE_PARTNERSHIP),
    "partnership-invite": Rule(
        "partnership", Permission.SEE_PARTNERSHIP, Permission.MANAGE_PARTNERSHIP, get=False, post=True
    ),
    "partnership-leave": Rule("council in the partnership", Permission.LEAVE_PARTNERSHIP, post=True),
    "partnership-dissolve": Rule(
        "partnership", Permission.SEE_PARTNERSHIP, only_post=Permission.MANAGE_PARTNERSHIP, post=True
    ),
    "partnership-join": Rule(SIGNED_IN),
}

API: dict[str, Rule] = {
    "evaluation-list": Rule(SIGNED_IN, post=True),
    "evaluation-detail": on(Permission.SEE_EVALUATION),
    "dataset-list": Rule(SIGNED_IN, post=True),
    "dataset-join": Rule(SIGNED_IN, get=False, post=True),
    "dataset-detail": on(Permission.SEE_PLAN),
    "dataset-delete-rows": on(Permission.SEE_PLAN, Permission.DELETE_DATA, get=False, post=True),
    "site-list-list": Rule(SIGNED_IN, post=True),
    "site-list-detail": site_list(),
    "site-list-use": site_list(get=False, post=True),
    "site-list-decide": site_list(get=False, post=True, named=True),
    "plan-list": Rule(SIGNED_IN, post=True),
    "plan-detail": on(Permission.SEE_PLAN),
    "plan-lock": on(Permission.SEE_PLAN, Permission.LOCK_PLAN, get=False, post=True),
    "run-list": Rule(SIGNED_IN, post=True),
    "run-detail": on(Permission.SEE_RESULTS),
    "run-cancel": on(Permission.SEE_RESULTS, Permission.CANCEL_RUN, get=False, post=True),
    "run-result": on(Permission.SEE_RESULTS),
    "review-list": Rule(SIGNED_IN, post=True),
    "review-detail": on(Permission.SEE_RESULTS),
    "review-release": on(Permission.SEE_RESULTS, Permission.RELEASE, get=False, post=True, named=True),
    "review-request-changes": on(Permission.SEE_RESULTS, Permission.RELEASE, get=False, post=True, named=True),
    "review-take-back": on(Permission.SEE_RESULTS, Permission.REQUEST_RELEASE, get=False, post=True),
    "organisation-list": Rule(SIGNED_IN),
    "organisation-detail": Rule("organisation", Permission.SEE_ORGANISATION),
    "token-list": Rule(SIGNED_IN, post=True),
    "token-detail": Rule(OWN),
}

OPEN = {
    "notices-feed",
    "start",
    "healthz",
    "readyz",
    "methods",
    "calculator",
    "validation",
    "accessibility",
    "credits",
    "sitemap",
}
"""Pages about the site. Those of the catalogue are open too: each row has its own visibility, tested with it."""

OPEN_API = {
    *("schema", "docs", "intervention-list", "intervention-detail", "estimate-list", "estimate-detail", "study-list"),
    *("study-detail", "outcome-list", "outcome-detail", "target-group-list", "target-group-detail", "place-list"),
    *("place-detail", "source-list", "source-detail"),
}
"""Of the API, what has a public page as its twin."""

ACCOUNT = ("account", "mfa", "usersessions", "socialaccount")
"""How the names of account pages begin: each person's own, kept by the accounts library and its tests."""
