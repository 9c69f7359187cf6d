"""Ticking some of many names a page at a time: what is found, which page, and ticks that stay."""

import pytest

from evaluations.datasets.picking import PER_PAGE, Option, picker_of, ticked_with_found

AREAS = [Option(f"E{number:08d}", f"Area {number} of {'north' if number % 2 else 'south'}") for number in range(250)]


def test_a_page_holds_a_few_and_the_next_goes_on_where_it_ended():
    first, second = picker_of(AREAS, (), {}), picker_of(AREAS, (), {"go": "2"})
    assert len(first.shown) == PER_PAGE and (first.first, first.last, first.n_found) == (1, 40, 250)
    assert second.shown[0] == AREAS[40] and (second.earlier, second.later, second.n_pages) == (1, 3, 7)
    last = picker_of(AREAS, (), {"go": "7"})
    assert (last.first, last.last, last.later) == (241, 250, 0)


def test_what_is_ticked_is_no_longer_offered():
    ticked = {each.value for each in AREAS[:3]}
    assert picker_of(AREAS, ticked, {}).shown[0] == AREAS[3]


def test_words_are_found_in_any_order_and_case_and_begin_at_the_first_page():
    found = picker_of(AREAS, (), {"find": " SOUTH 24 ", "found_for": "", "at": "5"})
    assert [each.label for each in found.shown] == ["Area 24 of south"] + [
        f"Area {number} of south" for number in (124, 224, 240, 242, 244, 246, 248)
    ]
    assert found.page == 1 and found.may_tick_all
    assert picker_of(AREAS, (), {"find": "E00000007"}).shown == (AREAS[7],)
    assert picker_of(AREAS, (), {"find": "north", "found_for": "north", "go": "2"}).page == 2


@pytest.mark.parametrize("page", ["0", "99", "-1", "x", "9" * 400, "²", ""])
def test_a_page_that_is_none_is_the_nearest(page):
    assert 1 <= picker_of(AREAS, (), {"go": page}).page <= 7


def test_all_that_were_found_are_ticked_at_once():
    found = ticked_with_found(AREAS, ["E00000000"], {"find": "24", "tick_found": "1"})
    assert found[0] == "E00000000" and len(found) == 1 + 13 and ticked_with_found(AREAS, ["x"], {}) == ("x",)
