"""Tables keep their shape, and their CSV cannot run in a spreadsheet."""

import pytest

from evidence.drawing.tables import Cell, Column, build_table, csv_text


def test_a_row_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="Row 2 of 'Rings' has 1 cells for 2 columns"):
        build_table("Rings", ["Ring", "Effect"], [["0-1 km", "1.2"], ["1-2 km"]])


def test_the_first_cell_of_each_row_is_its_heading_and_knows_its_column():
    table = build_table("Rings", ["Ring", Column("Effect", numeric=True)], [["0-1 km", 1.5]])

    first, second = table.body[0]
    assert first.is_header
    assert not second.is_header
    assert second.column.numeric
    assert second.cell == Cell("1.5")


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+cmd", "-2+3", "\t=1"])
def test_csv_never_starts_a_cell_as_a_formula(text):
    table = build_table("Hostile", ["Name", "Value"], [["a", text]])

    assert f"a,'{text}" in csv_text(table).replace('"', "")


def test_csv_keeps_negative_numbers_as_numbers_and_missing_as_empty():
    table = build_table("Numbers", ["Name", "Value", "Error"], [["a", -1.25, None]])

    assert csv_text(table) == "Name,Value,Error\r\na,-1.25,\r\n"
