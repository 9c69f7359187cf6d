"""Proposing a new record, a change to one, a withdrawal, or a merge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from evaluations.editing.actions.proposing import (
    CAN_BE_REMOVED,
    propose_edit,
    propose_merge,
    propose_new,
    propose_removal,
    propose_withdrawal,
)
from evaluations.editing.forms import MergeForm, ReasonForm
from evaluations.editing.models import Change, SubjectKind, Suggestion
from evaluations.editing.queries import changes_visible_to, suggestions_visible_to
from evaluations.editing.record_forms import RecordForm
from evaluations.editing.records import BY_PLURAL, FIXED, Editable, in_words, values_of
from evaluations.editing.views.shared import crumbs, editors_only, proposed, signed_in
from evidence.catalogue.models import Intervention, Succession
from evidence.estimates.models import EffectEstimate

BUTTON = "Propose this change"
COPIED = (
    "The duplicate's address will lead to the one that stays. Estimates are copied, and each old one keeps its "
    "page and points to its copy. The merge can be undone."
)
CAN_BE_MERGED = {
    SubjectKind.INTERVENTION: COPIED,
    SubjectKind.STUDY: COPIED,
    SubjectKind.SOURCE: (
        "What cites the duplicate will cite the one that stays, but for estimates: they are never edited, so each goes "
        "on naming the source it was logged with, whose address leads on. The merge can be undone."
    ),
}
"""What can be merged, and what an editor must know of it."""


def _editable(plural: str) -> Editable:
    if plural not in BY_PLURAL:
        raise Http404
    return BY_PLURAL[plural]


@editors_only
@require_http_methods(["GET", "POST"])
def record_new(request: HttpRequest, plural: str) -> HttpResponse:
    """Propose a new record, filed under the one that the address names where it needs one."""
    what = _editable(plural)
    filed = _filed_under(request, what)
    values = _earlier(request) or _named(request, what)
    form = RecordForm(what.kind, request.POST or None, values=values, button="Propose it")
    if request.method == "POST" and form.is_valid():
        made = _proposed(request, form, propose_new, kind=what.kind, values=form.values() | filed)
        if made:
            return made
    under = "; ".join(in_words(what.kind, name, code) for name, code in filed.items())
    context = {
        "form": form,
        "crumbs": crumbs(),
        "heading": f"New {what.kind.label.lower()}",
        "lede": f"Filed under {under}." if under else "",
    }
    return render(request, "editing/form.html", context)


def _proposed(request: HttpRequest, form: Any, propose: Callable[..., Change], **what: Any) -> HttpResponse | None:
    """Propose what the form says, with its reason, for the suggestion that the address names."""
    said = form.cleaned_data["reason"]
    return proposed(form, lambda: propose(reason=said, by=request.user, suggestion=_suggestion(request), **what))


def _named(request: HttpRequest, what: Editable) -> dict[str, str] | None:
    """The two interventions of a new succession, as far as the address names them."""
    if what.kind != SubjectKind.SUCCESSION:
        return None
    return {name: request.GET[name][:60] for name in ("earlier", "later") if name in request.GET}


def _filed_under(request: HttpRequest, what: Editable) -> dict[str, str]:
    """The code of the intervention or study that the address names, which a new study or estimate needs."""
    filed = {}
    for name in FIXED.get(what.kind, ()):
        model: Any = what.model._meta.get_field(name).related_model
        row = get_object_or_404(model, code=request.GET.get(name, ""), merged_into__isnull=True)
        filed[name] = row.code
    return filed


@editors_only
@require_http_methods(["GET", "POST"])
def record_edit(request: HttpRequest, plural: str, pk: int) -> HttpResponse:
    """Propose a change to a record; what is proposed of an estimate is a corrected version."""
    what = _editable(plural)
    row: Any = get_object_or_404(what.model._default_manager, pk=pk)
    values = values_of(what.kind, row) | (_earlier(request) or {})
    form = RecordForm(what.kind, request.POST or None, values=values, button=BUTTON)
    if request.method == "POST" and form.is_valid():
        made = _proposed(request, form, propose_edit, kind=what.kind, row=row, values=form.values())
        if made:
            return made
    return render(request, "editing/form.html", {"form": form, "crumbs": crumbs(), **_about(what, row)})


def _about(what: Editable, row: Any) -> dict[str, Any]:
    """What the page of a record's form says above it."""
    if not isinstance(row, EffectEstimate):
        waiting = Change.objects.filter(subject_kind=what.kind, subject_id=row.pk, state="proposed")
        lede = "Nothing public changes until another editor has approved it."
        return {
            "heading": f"Change: {row}",
            "lede": lede,
            "waiting": waiting,
            "links": _links(what, row),
            "filed": _filed(row) if isinstance(row, Intervention) else [],
        }
    lede = (
        "Estimates are never edited. What you propose is a corrected version; this one keeps its address, says that "
        "it was superseded and points to the new one."
    )
    return {"heading": f"Correct estimate {row.pk}", "lede": lede, "links": _links(what, row)}


def _links(what: Editable, row: Any) -> list[tuple[str, str]]:
    links = []
    if what.kind == SubjectKind.INTERVENTION:
        links = [
            ("Add a study", reverse("record-new", args=["studies"], query={"intervention": row.code})),
            ("Add a component", reverse("record-new", args=["components"], query={"intervention": row.code})),
            ("Add what came before", reverse("record-new", args=["successions"], query={"later": row.code})),
            ("Add what came after", reverse("record-new", args=["successions"], query={"earlier": row.code})),
        ]
    if what.kind == SubjectKind.STUDY:
        links = [("Add an estimate", reverse("record-new", args=["estimates"], query={"study": row.code}))]
    if what.kind == SubjectKind.ESTIMATE:
        links = [("Withdraw it instead", reverse("estimate-withdraw", args=[row.pk]))]
    if what.kind in CAN_BE_REMOVED:
        links = [("Remove it", reverse("record-remove", args=[what.plural, row.pk]))]
    if what.kind in CAN_BE_MERGED:
        links.append(("Merge a duplicate", reverse("record-merge", args=[what.plural], query={"kept": row.code})))
    return links


def _filed(row: Intervention) -> list[tuple[str, str]]:
    """The components and successions of an intervention, each to change or remove."""
    links = Succession.objects.filter(Q(earlier=row) | Q(later=row)).select_related("earlier", "later")
    return [
        *(
            (f"Component: {part}", reverse("record-edit", args=["components", part.pk]))
            for part in row.components.all()
        ),
        *((f"Succession: {link}", reverse("record-edit", args=["successions", link.pk])) for link in links),
    ]


@editors_only
@require_http_methods(["GET", "POST"])
def record_remove(request: HttpRequest, plural: str, pk: int) -> HttpResponse:
    """Propose to remove a component or a succession; its history stays."""
    what = _editable(plural)
    if what.kind not in CAN_BE_REMOVED:
        raise Http404
    row: Any = get_object_or_404(what.model._default_manager, pk=pk)
    form = ReasonForm(request.POST or None, button="Propose to remove it")
    if request.method == "POST" and form.is_valid():
        said, by = form.cleaned_data["reason"], signed_in(request)
        made = proposed(form, lambda: propose_removal(kind=what.kind, row=row, reason=said, by=by))
        if made:
            return made
    lede = "It leaves the page once another editor has approved it. The change log keeps what it said."
    context = {"form": form, "crumbs": crumbs(), "heading": f"Remove: {row}", "lede": lede}
    return render(request, "editing/form.html", context)


def _earlier(request: HttpRequest) -> dict[str, Any] | None:
    """What an earlier proposal of one's own said, to start from."""
    number = request.GET.get("from", "")
    if not number.isdecimal():
        return None
    found = changes_visible_to(request.user).filter(pk=number, proposed_by_id=request.user.pk).first()
    return found.after if found else None


def _suggestion(request: HttpRequest) -> Suggestion | None:
    number = request.GET.get("suggestion", "")
    return suggestions_visible_to(request.user).filter(pk=number).first() if number.isdecimal() else None


@editors_only
@require_http_methods(["GET", "POST"])
def estimate_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose to withdraw a published estimate."""
    row = get_object_or_404(EffectEstimate, pk=pk)
    form = ReasonForm(request.POST or None, button="Propose to withdraw it")
    if request.method == "POST" and form.is_valid():
        said, by = form.cleaned_data["reason"], signed_in(request)
        made = proposed(form, lambda: propose_withdrawal(estimate=row, reason=said, by=by))
        if made:
            return made
    lede = "It keeps its page, which will say why it was withdrawn, and leaves every list, pool and map."
    context = {"form": form, "crumbs": crumbs(), "heading": f"Withdraw estimate {row.pk}", "lede": lede}
    return render(request, "editing/form.html", context)


@editors_only
@require_http_methods(["GET", "POST"])
def record_merge(request: HttpRequest, plural: str) -> HttpResponse:
    """Propose to merge a duplicate into the record that stays."""
    what = _editable(plural)
    if what.kind not in CAN_BE_MERGED:
        raise Http404
    initial = {name: request.GET.get(name, "")[:60] for name in ("duplicate", "kept")}
    form = MergeForm(what.kind, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        said, by = form.cleaned_data, signed_in(request)
        rows = {name: what.model._default_manager.get(code=said[name]) for name in ("duplicate", "kept")}  # type: ignore[misc]
        made = proposed(form, lambda: propose_merge(kind=what.kind, reason=said["reason"], by=by, **rows))
        if made:
            return made
    lede = CAN_BE_MERGED[what.kind]
    context = {"form": form, "crumbs": crumbs(), "heading": f"Merge duplicate {plural}", "lede": lede}
    return render(request, "editing/form.html", context)
