"""Short lists: make one, note on it, share it, take it away as files or a brief."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evaluations.saved.actions import short_lists as actions
from evaluations.saved.actions.searches import NameTaken, TooMany
from evaluations.saved.exports import list_as
from evaluations.saved.forms import AddForm, NameForm, ShareForm
from evaluations.saved.models import ShortList, ShortListItem
from evaluations.saved.queries import items_of, short_list_with, short_lists_of, short_lists_visible_to
from evidence.briefs.documents import Brief, PdfUnavailable, brief_html, brief_pdf, briefs_of
from evidence.briefs.queries import account_of
from evidence.catalogue.queries import interventions_visible_to

MOST_IN_A_BRIEF = 10
CRUMBS = [("Account", "/account/"), ("Short lists", "/short-lists/")]


@login_required
@require_http_methods(["GET", "POST"])
def short_lists(request: HttpRequest) -> HttpResponse:
    """One's own short lists and those shared with one's organisation; and making one."""
    form = NameForm(request.POST or None, button="Make it")
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create_short_list(name=form.cleaned_data["name"], by=request.user)  # type: ignore[arg-type]
        except (NameTaken, TooMany) as refused:
            form.add_error("name", str(refused))
        else:
            return redirect("short-list", pk=made.pk)
    own = short_lists_of(request.user)
    shared = short_lists_visible_to(request.user).exclude(owner_id=request.user.pk)
    context = {"crumbs": CRUMBS[:1], "form": form, "own": own, "shared": shared}
    return render(request, "saved/short_lists.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Put the intervention that the address names on a short list."""
    visible = interventions_visible_to(request.user)
    found = get_object_or_404(visible, slug=request.GET.get("intervention", ""))
    form = AddForm(request.POST or None, lists=short_lists_of(request.user))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            chosen = said["short_list"] or actions.create_short_list(name=said["name"].strip(), by=request.user)  # type: ignore[arg-type]
            actions.add_to_short_list(short_list=chosen, intervention=found, by=request.user, note=said["note"])  # type: ignore[arg-type]
        except (NameTaken, TooMany) as refused:
            form.add_error("name", str(refused))
        else:
            messages.success(request, f"{found.name} is on “{chosen.name}”.")
            return redirect("short-list", pk=chosen.pk)
    context = {"form": form, "crumbs": CRUMBS, "heading": "Add to a short list", "lede": found.name}
    return render(request, "saved/form.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def short_list(request: HttpRequest, pk: int) -> HttpResponse:
    """One short list; its owner changes it here, others read it."""
    found = get_object_or_404(short_lists_visible_to(request.user), pk=pk)
    is_owner = found.owner_id == request.user.pk
    if request.GET.get("download"):
        return _download(request, found)
    form = NameForm(request.POST or None, initial={"name": found.name}, button="Rename") if is_owner else None
    if request.method == "POST":
        if form is None:
            raise Http404
        if form.is_valid():
            try:
                actions.rename_short_list(short_list=found, name=form.cleaned_data["name"], by=request.user)  # type: ignore[arg-type]
            except NameTaken as refused:
                form.add_error("name", str(refused))
            else:
                return redirect("short-list", pk=pk)
    context = _shown(request, found) | {
        "crumbs": CRUMBS,
        "is_owner": is_owner,
        "form": form,
        "share_form": ShareForm(initial={"organisation": found.organisation_id}, viewer=request.user),  # type: ignore[arg-type]
        "link": _link(request, found),
        "brief_href": reverse("short-list-own-brief", args=[pk]),
        "pdf_href": reverse("short-list-own-brief", args=[pk], query={"download": "pdf"}),
    }
    return render(request, "saved/short_list.html", context)


def _shown(request: HttpRequest, found: ShortList) -> dict[str, Any]:
    items = items_of(found, viewer=request.user)  # type: ignore[arg-type]
    return {"short_list": found, "items": items, "hidden": found.items.count() - len(items)}


def _link(request: HttpRequest, found: ShortList) -> str:
    if not found.link_token:
        return ""
    return request.build_absolute_uri(reverse("short-list-link", args=[found.link_token]))


def _download(request: HttpRequest, found: ShortList) -> HttpResponse:
    file = list_as(request.GET["download"], items_of(found, viewer=request.user), viewer=request.user)  # type: ignore[arg-type]
    if file is None:
        raise Http404
    name = f"{slugify(found.name) or 'short-list'}.{file.ending}"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(file.text, content_type=file.media_type, headers=disposition)


@login_required
@require_GET
def own_brief(request: HttpRequest, pk: int) -> HttpResponse:
    """One brief on everything on a short list, with its notes, for the screen or as PDF."""
    found = get_object_or_404(short_lists_visible_to(request.user), pk=pk)
    return _brief(request, found, reverse("short-list-own-brief", args=[pk], query={"download": "pdf"}))


@never_cache
@require_GET
def linked(request: HttpRequest, token: str) -> HttpResponse:
    """A short list for whoever holds its private address: to read, never to change; public records only."""
    found = short_list_with(token)
    if found is None:
        raise Http404
    if request.GET.get("download") == "pdf" or "brief" in request.GET:
        pdf_href = reverse("short-list-link", args=[token], query={"download": "pdf"})
        return _brief(request, found, pdf_href)
    if request.GET.get("download"):
        return _download(request, found)
    address = reverse("short-list-link", args=[token])
    context = _shown(request, found) | {
        "crumbs": [],
        "is_owner": False,
        "is_linked": True,
        "brief_href": f"{address}?brief=1",
        "pdf_href": f"{address}?download=pdf",
    }
    return render(request, "saved/short_list.html", context)


def _brief(request: HttpRequest, found: ShortList, pdf_href: str) -> HttpResponse:
    briefs = _briefs(request, found)
    if not briefs:
        raise Http404
    if request.GET.get("download") != "pdf":
        return HttpResponse(brief_html(briefs, for_print=False, pdf_href=pdf_href, heading=found.name))
    try:
        content = brief_pdf(briefs, heading=found.name)
    except PdfUnavailable as error:
        slugs = [brief.account.intervention.slug for brief in briefs]
        return render(request, "briefs/no_pdf.html", {"reason": str(error), "slugs": slugs}, status=503)
    disposition = {"Content-Disposition": f'inline; filename="{slugify(found.name) or "short-list"}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=disposition)


def _briefs(request: HttpRequest, found: ShortList) -> list[Brief]:
    items = items_of(found, viewer=request.user)[:MOST_IN_A_BRIEF]  # type: ignore[arg-type]
    pairs = [(item, account_of(request.user, slug=item.intervention.slug)) for item in items]
    accounts = [account for _, account in pairs if account is not None]
    notes = {item.intervention.pk: item.note for item in items}
    briefs = briefs_of(accounts, viewer=request.user)
    return [replace(brief, note=notes[brief.account.intervention.pk]) for brief in briefs]


def _owned(request: HttpRequest, pk: int) -> ShortList:
    return get_object_or_404(short_lists_of(request.user), pk=pk)  # type: ignore[arg-type]


def _item(request: HttpRequest, pk: int, item_pk: int) -> ShortListItem:
    return get_object_or_404(ShortListItem, short_list=_owned(request, pk), pk=item_pk)


@login_required
@require_POST
def item_change(request: HttpRequest, pk: int, item_pk: int) -> HttpResponse:
    """Change an item's note, its place, or take it off: by which button was pressed."""
    item = _item(request, pk, item_pk)
    by: Any = request.user
    does: dict[str, Callable[[], object]] = {
        "note": lambda: actions.note_on_item(item=item, note=request.POST.get("note", "")[:2000], by=by),
        "up": lambda: actions.move_item(item=item, by=by, up=True),
        "down": lambda: actions.move_item(item=item, by=by, up=False),
        "remove": lambda: actions.remove_item(item=item, by=by),
    }
    pressed = does.get(request.POST.get("do", ""))
    if pressed is not None:
        pressed()
    return redirect(f"{reverse('short-list', args=[pk])}#item-{item_pk}")


@login_required
@require_POST
def share(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the members of one's own organisation read a short list, or end it."""
    found = _owned(request, pk)
    form = ShareForm(request.POST, viewer=request.user)  # type: ignore[arg-type]
    if form.is_valid():
        chosen = form.cleaned_data["organisation"]
        actions.share_short_list(short_list=found, organisation=chosen, by=request.user)  # type: ignore[arg-type]
        said = f"Members of {chosen} can read it." if chosen else "Nobody else's organisation can read it."
        messages.success(request, said)
    else:
        messages.error(request, "Choose an organisation that you work for.")
    return redirect("short-list", pk=pk)


@login_required
@require_POST
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """Open or close the address that lets anyone who holds it read the list."""
    found = _owned(request, pk)
    if request.POST.get("do") == "close":
        actions.close_link(short_list=found, by=request.user)  # type: ignore[arg-type]
        messages.success(request, "The address no longer works.")
    else:
        actions.open_link(short_list=found, by=request.user)  # type: ignore[arg-type]
        messages.success(request, "Whoever holds the address can read the list. You can close it at any time.")
    return redirect("short-list", pk=pk)


@login_required
@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a short list."""
    found = _owned(request, pk)
    name = found.name
    actions.delete_short_list(short_list=found, by=request.user)  # type: ignore[arg-type]
    messages.success(request, f"“{name}” is deleted, with its notes.")
    return redirect("short-lists")
