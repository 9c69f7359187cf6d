"""The editors' queue, and the page of one change."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evaluations.editing.actions.deciding import publish_change, send_back
from evaluations.editing.actions.proposing import propose_prepared, propose_unmerge, take_back
from evaluations.editing.forms import PUBLISH, DecisionForm, ReasonForm
from evaluations.editing.models import Change, ChangeAction, ChangeState
from evaluations.editing.presenters import revise_address, shown
from evaluations.editing.queries import changes_visible_to, queue_of
from evaluations.editing.views.shared import add_errors, crumbs, editors_only, proposed, signed_in
from evidence.catalogue.issues import CatalogueRefused
from evidence.catalogue.models import Source

ON_A_PAGE = 50


@editors_only
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """What waits for this editor, for another editor, or came back."""
    waiting = queue_of(request.user)
    context = {
        "parts": [
            ("Waiting for you", "Changes that other editors proposed.", [shown(each) for each in waiting.for_you]),
            ("Waiting for another editor", "Yours.", [shown(each) for each in waiting.for_another_editor]),
            ("Sent back to you", "With a reason.", [shown(each) for each in waiting.sent_back]),
            ("Not yet proposed", "Imports that you checked.", [shown(each) for each in waiting.being_checked]),
        ],
        "suggestions": waiting.suggestions,
        "lately": [shown(each) for each in waiting.lately],
    }
    return render(request, "editing/queue.html", context)


@editors_only
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """One change, field by field; another editor than its own decides on it here."""
    found = get_object_or_404(changes_visible_to(request.user), pk=pk)
    may_decide = found.state == ChangeState.PROPOSED and found.proposed_by_id != request.user.pk
    form = DecisionForm(request.POST or None) if may_decide else None
    if request.method == "POST" and form is not None and form.is_valid() and _decide(request, found, form):
        return redirect("change", pk=pk)
    is_own = found.proposed_by_id == request.user.pk
    context = {
        "crumbs": crumbs(),
        "shown": shown(found),
        "change": found,
        "form": form,
        "may_take_back": is_own and found.state in (ChangeState.PROPOSED, ChangeState.PREPARED),
        "may_propose": is_own and found.state == ChangeState.PREPARED,
        "may_undo": found.action == ChangeAction.MERGE and found.state == ChangeState.PUBLISHED,
        "revise_href": revise_address(found) if is_own and found.state == ChangeState.SENT_BACK else "",
        "rows": found.after["rows"] if found.action == ChangeAction.IMPORT else [],
    }
    return render(request, "editing/change.html", context)


def _decide(request: HttpRequest, found: Change, form: DecisionForm) -> bool:
    """Whether the decision could be carried out; where not, the form says why."""
    said = form.cleaned_data
    try:
        if said["decision"] == PUBLISH:
            publish_change(change=found, by=request.user, note=said["note"])  # type: ignore[arg-type]
            messages.success(request, "Published. Everyone sees it now.")
        else:
            send_back(change=found, by=request.user, note=said["note"])  # type: ignore[arg-type]
            messages.success(request, f"Sent back to {found.proposed_by}.")
    except CatalogueRefused as refused:
        add_errors(form, refused)
        return False
    return True


@editors_only
@require_POST
def change_take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a proposal of one's own."""
    return _act(request, pk, take_back, "Taken back. Nothing public has changed.")


@editors_only
@require_POST
def change_propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose an import that has been looked at."""
    return _act(request, pk, propose_prepared, "Proposed. Another editor decides on it.")


def _act(request: HttpRequest, pk: int, action, said: str) -> HttpResponse:  # type: ignore[no-untyped-def]
    found = get_object_or_404(changes_visible_to(request.user), pk=pk)
    try:
        action(change=found, by=request.user)
    except CatalogueRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, said)
    return redirect("change", pk=pk)


@editors_only
@require_http_methods(["GET", "POST"])
def change_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose to undo a published merge."""
    found = get_object_or_404(changes_visible_to(request.user), pk=pk, action=ChangeAction.MERGE)
    form = ReasonForm(request.POST or None, button="Propose to undo it")
    if request.method == "POST" and form.is_valid():
        said, by = form.cleaned_data["reason"], signed_in(request)
        made = proposed(form, lambda: propose_unmerge(merge=found, reason=said, by=by))
        if made:
            return made
    context = {"form": form, "crumbs": crumbs(), "heading": "Undo a merge", "lede": shown(found).title}
    return render(request, "editing/form.html", context)


@editors_only
@require_GET
def sources(request: HttpRequest) -> HttpResponse:
    """Every source with its code, to find and to change."""
    words = request.GET.get("search", "").strip()[:100]
    found = Source.objects.filter(merged_into__isnull=True).order_by("title")
    for word in words.split()[:10]:
        found = found.filter(title__icontains=word)
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "editing/sources.html", {"crumbs": crumbs(), "page": page, "words": words})
