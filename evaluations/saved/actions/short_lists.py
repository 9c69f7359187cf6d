"""Short lists: what is on them, in which order, with which notes, and who may read them. Only owners change them."""

from __future__ import annotations

from secrets import token_urlsafe

from django.db import transaction
from django.db.models import Max

from evaluations.organisations.audit import record
from evaluations.organisations.models import Organisation, User
from evaluations.organisations.permissions import Permission, require
from evaluations.saved.actions.searches import NameTaken, TooMany
from evaluations.saved.models import ShortList, ShortListItem
from evidence.catalogue.models import Intervention

MOST_LISTS, MOST_ITEMS = 100, 200


@transaction.atomic
def create_short_list(*, name: str, by: User) -> ShortList:
    """An empty short list. Raises `NameTaken` or `TooMany`."""
    if by.short_lists.count() >= MOST_LISTS:
        raise TooMany(f"You have {MOST_LISTS} short lists already. Delete one first.")
    if by.short_lists.filter(name=name).exists():
        raise NameTaken(f"You have a short list called “{name}” already.")
    made = ShortList.objects.create(owner=by, name=name)
    record(by=by, verb="create_short_list", subject=made)
    return made


@transaction.atomic
def rename_short_list(*, short_list: ShortList, name: str, by: User) -> ShortList:
    """The short list under another name. Raises `NameTaken`."""
    if by.short_lists.filter(name=name).exclude(pk=short_list.pk).exists():
        raise NameTaken(f"You have a short list called “{name}” already.")
    short_list.name = name
    short_list.save()
    record(by=by, verb="rename_short_list", subject=short_list)
    return short_list


@transaction.atomic
def delete_short_list(*, short_list: ShortList, by: User) -> None:
    """Forget the short list and its notes."""
    record(by=by, verb="delete_short_list", subject=short_list)
    short_list.delete()


@transaction.atomic
def add_to_short_list(*, short_list: ShortList, intervention: Intervention, by: User, note: str = "") -> ShortListItem:
    """The item, last on the list; one that is there already gets the note if one is given. Raises `TooMany`."""
    last = short_list.items.aggregate(last=Max("position"))["last"] or 0
    if short_list.items.count() >= MOST_ITEMS:
        raise TooMany(f"A short list holds {MOST_ITEMS} interventions at most.")
    item, is_new = short_list.items.get_or_create(
        intervention=intervention, defaults={"position": last + 1, "note": note.strip()}
    )
    if note.strip() and not is_new:
        item.note = note.strip()
        item.save(update_fields=["note"])
    short_list.save(update_fields=["updated_at"])
    record(by=by, verb="add_to_short_list", subject=short_list, detail={"intervention": intervention.pk})
    return item


@transaction.atomic
def note_on_item(*, item: ShortListItem, note: str, by: User) -> ShortListItem:
    """The item with another note."""
    item.note = note.strip()
    item.save(update_fields=["note"])
    item.short_list.save(update_fields=["updated_at"])
    record(by=by, verb="note_on_short_list", subject=item.short_list, detail={"item": item.pk})
    return item


@transaction.atomic
def move_item(*, item: ShortListItem, by: User, up: bool) -> None:
    """Change places with the item before or after; at an end nothing changes."""
    order = list(item.short_list.items.order_by("position", "pk"))
    place = next(index for index, each in enumerate(order) if each.pk == item.pk)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(order):
        return
    order[place], order[other] = order[other], order[place]
    for position, each in enumerate(order, 1):
        ShortListItem.objects.filter(pk=each.pk).update(position=position)
    record(by=by, verb="move_on_short_list", subject=item.short_list, detail={"item": item.pk})


@transaction.atomic
def remove_item(*, item: ShortListItem, by: User) -> None:
    """Take an item off its list, with its note."""
    record(by=by, verb="remove_from_short_list", subject=item.short_list, detail={"item": item.pk})
    item.delete()


@transaction.atomic
def share_short_list(*, short_list: ShortList, organisation: Organisation | None, by: User) -> ShortList:
    """The short list, read by the members of one's own organisation, or with None by nobody else."""
    if organisation is not None:
        require(by, Permission.SEE_ORGANISATION, organisation)
    short_list.organisation = organisation
    short_list.save()
    detail = {"organisation": organisation.pk if organisation else None}
    record(by=by, verb="share_short_list", subject=short_list, detail=detail)
    return short_list


@transaction.atomic
def open_link(*, short_list: ShortList, by: User) -> ShortList:
    """The short list with a new address that opens it to read; one from before leads nowhere from now on."""
    short_list.link_token = token_urlsafe(32)
    short_list.save()
    record(by=by, verb="open_short_list_link", subject=short_list)
    return short_list


@transaction.atomic
def close_link(*, short_list: ShortList, by: User) -> ShortList:
    """The short list without such an address."""
    short_list.link_token = None
    short_list.save()
    record(by=by, verb="close_short_list_link", subject=short_list)
    return short_list
