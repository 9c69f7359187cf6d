"""Files into rows of cells, with every problem kept for one answer."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from evidence.catalogue.issues import Issue


@dataclass
class Row:
    """One row of a file: its cells, where it stands, and the list that its problems go to."""

    file: str
    number: int | None
    cells: dict
    issues: list[Issue]

    def problem(self, code: str, column: str, message: str, hint: str = "") -> None:
        """Note a problem with one cell."""
        self.issues.append(Issue(code=code, message=message, hint=hint, file=self.file, row=self.number, column=column))

    def text(self, column: str, *, required: bool = False, longest: int | None = None) -> str:
        """The cell as text, without spaces around it."""
        value = str(self.cells.get(column, "") or "").strip()
        if required and not value:
            self.problem("empty", column, f"{column} is empty.", "Fill it in.")
        if longest and len(value) > longest:
            self.problem("too_long", column, f"{column} has {len(value)} characters.", f"At most {longest}.")
        return value

    def number_in(self, column: str) -> float | None:
        """The cell as a finite number, or None where it is empty."""
        value = self.text(column)
        if not value:
            return None
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if number - number != 0:
            self.problem("not_a_number", column, f"{value!r} is not a number.", "Write digits only, or leave it empty.")
            return None
        return number

    def whole_number_in(self, column: str) -> int | None:
        """The cell as a whole number, or None where it is empty."""
        number = self.number_in(column)
        if number is not None and number != int(number):
            self.problem("not_whole", column, f"{number} is not a whole number.")
            return None
        return None if number is None else int(number)

    def choice(self, column: str, choices: Collection[str], *, default: str = "") -> str:
        """The cell, which must be one of the choices."""
        value = self.text(column) or default
        if value not in choices:
            self.problem("not_a_choice", column, f"{value or 'Nothing'} is not one of the choices.", ", ".join(choices))
        return value

    def yes(self, column: str) -> bool:
        """The cell as yes or no."""
        return self.choice(column, ("yes", "no")) == "yes"

    def slug(self, column: str = "slug", *, longest: int = 80) -> str:
        """The cell as part of an address: small letters, digits and hyphens."""
        value = self.text(column, required=True, longest=longest)
        if value and not re.fullmatch(r"[a-z0-9-]+", value):
            self.problem("not_a_slug", column, f"{value!r} cannot be in an address.", "Use a to z, 0 to 9 and hyphens.")
        return value

    def in_order(self, low: str, high: str) -> tuple[int | None, int | None]:
        """Two whole numbers, the first not above the second where both are given."""
        first, second = self.whole_number_in(low), self.whole_number_in(high)
        if first is not None and second is not None and first > second:
            self.problem("out_of_order", high, f"{high} ({second}) comes before {low} ({first}).")
        return first, second

    def codes(self, column: str, known: Collection[str]) -> list[str]:
        """The codes in the cell, each of which must be known."""
        found = self.cells.get(column, "") or ""
        codes = list(found) if isinstance(found, list) else str(found).split()
        for code in codes:
            self._check_known(column, code, known)
        return [code for code in codes if code in known]

    def code_in(self, column: str, known: Collection[str], *, required: bool = False) -> str | None:
        """The one code in the cell, which must be known, or None where it is empty."""
        code = self.text(column, required=required)
        if code:
            self._check_known(column, code, known)
        return code if code in known else None

    def _check_known(self, column: str, code: str, known: Collection[str]) -> None:
        if code not in known:
            self.problem("unknown_code", column, f"There is no {code!r}.", "Check the code, or add what it names.")


@dataclass
class Files:
    """A folder of catalogue files, and the problems found so far."""

    folder: Path
    issues: list[Issue] = field(default_factory=list)

    def csv_rows(self, name: str, columns: Iterable[str], *, key: str | None = "code") -> list[Row]:
        """The rows of a CSV file with exactly these columns and no key twice."""
        path = self.folder / name
        if not path.exists():
            self._file_problem(name, "file_missing", f"{name} is not in {self.folder.name}.")
            return []
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            self._file_problem(name, "not_utf8", f"{name} is not UTF-8 text.", "Save it as CSV UTF-8.")
            return []
        return self.rows_of(name, text, columns, key=key)

    def rows_of(self, name: str, text: str, columns: Iterable[str], *, key: str | None = "code") -> list[Row]:
        """The rows of CSV text; problems name `name`."""
        reader = csv.reader(text.splitlines(keepends=True), strict=True)
        rows: list[Row] = []
        try:
            header = [cell.strip() for cell in next(reader, [])]
            if not self._header_fits(name, header, list(columns)):
                return []
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    rows += self._row(name, reader.line_num, header, cells)
        except csv.Error as error:
            self._file_problem(name, "not_csv", f"Line {reader.line_num} cannot be read: {error}.", "Check its quotes.")
        if key:
            self._check_unique(rows, key)
        return rows

    def toml_rows(self, name: str, table: str) -> list[Row]:
        """The entries of one array of tables in a TOML file."""
        path = self.folder / name
        if not path.exists():
            self._file_problem(name, "file_missing", f"{name} is not in {self.folder.name}.")
            return []
        try:
            entries = tomllib.loads(path.read_text(encoding="utf-8")).get(table, [])
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self._file_problem(name, "not_toml", f"{name} cannot be read: {error}.")
            return []
        rows = [Row(f"{name}, entry {place}", None, entry, self.issues) for place, entry in enumerate(entries, 1)]
        self._check_unique(rows, "code")
        return rows

    def _row(self, name: str, number: int, header: list[str], cells: list[str]) -> Iterator[Row]:
        if len(cells) != len(header):
            self.issues.append(
                Issue(
                    code="ragged_row",
                    message=f"This row has {len(cells)} cells; the header has {len(header)}.",
                    hint="Check for a comma without quotes.",
                    file=name,
                    row=number,
                )
            )
            return
        yield Row(name, number, dict(zip(header, cells, strict=True)), self.issues)

    def _header_fits(self, name: str, header: list[str], columns: list[str]) -> bool:
        missing = [column for column in columns if column not in header]
        unknown = [column for column in header if column not in columns]
        for column in missing:
            self._file_problem(name, "column_missing", f"The column {column!r} is missing.", column=column)
        for column in unknown:
            self._file_problem(
                name, "column_unknown", f"The column {column!r} is not known.", f"Known: {', '.join(columns)}."
            )
        return not missing and not unknown

    def _check_unique(self, rows: list[Row], key: str) -> None:
        seen: dict[str, int | None] = {}
        for row in rows:
            value = row.text(key, required=True)
            if value and value in seen:
                where = f"row {seen[value]}" if seen[value] else "an earlier entry"
                row.problem("repeated", key, f"{value!r} is already in {where}.", "Keep one of them.")
            seen.setdefault(value, row.number)
        if key != "slug" and any("slug" in row.cells for row in rows):
            self._check_unique(rows, "slug")

    def _file_problem(self, name: str, code: str, message: str, hint: str = "", column: str | None = None) -> None:
        self.issues.append(Issue(code=code, message=message, hint=hint, file=name, column=column))
