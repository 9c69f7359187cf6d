"""Full text on either database, behind one interface: FTS5 on SQLite, a text vector on PostgreSQL.

Both keep stems made by `words`, so both find the same documents for the same question; only the ranking differs, and
both rank by how rare a word is and whether it stands in the title, the topics or the body.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import connection

from evidence.search.models import DocumentKind

WEIGHTS = {"title": 10.0, "topics": 4.0, "body": 1.0}


@dataclass(frozen=True)
class Text:
    """The stems of one document."""

    document_id: int
    title: str
    topics: str
    body: str


@dataclass(frozen=True)
class Term:
    """One thing asked for: a stem, or the beginning of one, or any of several stems that mean the same."""

    stems: tuple[str, ...]
    is_prefix: bool = False
    rarity: float = 1.0


Hit = tuple[int, float]
"""A document and how well it fits; larger is better."""


class Engine(Protocol):
    """What search needs of a database."""

    def create(self) -> None:
        """Make the tables where they are not there."""

    def clear(self) -> None:
        """Forget every document."""

    def put(self, kind: str, texts: Sequence[Text]) -> None:
        """Keep these documents' words, in place of what was kept for them."""

    def remove(self, kind: str, document_ids: Iterable[int]) -> None:
        """Forget these documents."""

    def find(self, kind: str, terms: Sequence[Term], *, every: bool) -> list[Hit]:
        """Documents with every term, or with any, best first."""


def engine() -> Engine:
    """The engine of the database in use."""
    return PostgreSQL() if connection.vendor == "postgresql" else SQLite()


def _table(kind: str) -> str:
    return f"evidence_text_{DocumentKind(kind).value}"


def _execute(statement: str, parameters: Sequence[Any] = ()) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def _execute_many(statement: str, rows: Sequence[Sequence[Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)


class SQLite:
    """FTS5."""

    def create(self) -> None:
        """Make the tables where they are not there."""
        for kind in DocumentKind.values:
            _execute(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS {_table(kind)} "
                "USING fts5(title, topics, body, tokenize='ascii', prefix='3 4')"
            )

    def clear(self) -> None:
        """Forget every document."""
        for kind in DocumentKind.values:
            _execute(f"DELETE FROM {_table(kind)}")  # noqa: S608

    def put(self, kind: str, texts: Sequence[Text]) -> None:
        """Keep these documents' words, in place of what was kept for them."""
        self.remove(kind, [text.document_id for text in texts])
        _execute_many(
            f"INSERT INTO {_table(kind)} (rowid, title, topics, body) VALUES (%s, %s, %s, %s)",  # noqa: S608
            [(text.document_id, text.title, text.topics, text.body) for text in texts],
        )

    def remove(self, kind: str, document_ids: Iterable[int]) -> None:
        """Forget these documents."""
        _execute_many(f"DELETE FROM {_table(kind)} WHERE rowid = %s", [(each,) for each in document_ids])  # noqa: S608

    def find(self, kind: str, terms: Sequence[Term], *, every: bool) -> list[Hit]:
        """Documents with every term, or with any, best first."""
        asked = (" AND " if every else " OR ").join(f"({self._asked(term)})" for term in terms)
        weights = ", ".join(f"{weight}" for weight in WEIGHTS.values())
        table = _table(kind)
        rows: list[Hit] = _execute(
            f"SELECT rowid, -bm25({table}, {weights}) AS score FROM {table} "  # noqa: S608
            f"WHERE {table} MATCH %s ORDER BY score DESC, rowid",
            [asked],
        )
        return rows

    def _asked(self, term: Term) -> str:
        return " OR ".join(f'"{stem}"{"*" if term.is_prefix else ""}' for stem in term.stems)


class PostgreSQL:
    """A text vector with weights and a GIN index."""

    def create(self) -> None:
        """Make the tables where they are not there."""
        for kind in DocumentKind.values:
            table = _table(kind)
            _execute(f"CREATE TABLE IF NOT EXISTS {table} (document_id bigint PRIMARY KEY, words tsvector NOT NULL)")
            _execute(f"CREATE INDEX IF NOT EXISTS {table}_words ON {table} USING gin (words)")

    def clear(self) -> None:
        """Forget every document."""
        for kind in DocumentKind.values:
            _execute(f"DELETE FROM {_table(kind)}")  # noqa: S608

    def put(self, kind: str, texts: Sequence[Text]) -> None:
        """Keep these documents' words, in place of what was kept for them."""
        vector = " || ".join(f"setweight(to_tsvector('simple', %s), '{weight}')" for weight in "ABD")
        _execute_many(
            f"INSERT INTO {_table(kind)} (document_id, words) VALUES (%s, {vector}) "  # noqa: S608
            "ON CONFLICT (document_id) DO UPDATE SET words = EXCLUDED.words",
            [(text.document_id, text.title, text.topics, text.body) for text in texts],
        )

    def remove(self, kind: str, document_ids: Iterable[int]) -> None:
        """Forget these documents."""
        _execute(f"DELETE FROM {_table(kind)} WHERE document_id = ANY(%s)", [list(document_ids)])  # noqa: S608

    def find(self, kind: str, terms: Sequence[Term], *, every: bool) -> list[Hit]:
        """Documents with every term, or with any, best first."""
        asked = [self._asked(term) for term in terms]
        # D, C, B, A: each a share of the title's weight.
        weights = [WEIGHTS["body"] / 10, 0.2, WEIGHTS["topics"] / 10, WEIGHTS["title"] / 10]
        score = " + ".join("%s * ts_rank(%s::real[], words, to_tsquery('simple', %s), 1)" for _ in asked)
        parameters: list[Any] = []
        for term, each in zip(terms, asked, strict=True):
            parameters += [term.rarity, weights, each]
        joined = (" & " if every else " | ").join(f"({each})" for each in asked)
        rows: list[Hit] = _execute(
            f"SELECT document_id, {score} AS score FROM {_table(kind)} "  # noqa: S608
            "WHERE words @@ to_tsquery('simple', %s) ORDER BY score DESC, document_id",
            [*parameters, joined],
        )
        return rows

    def _asked(self, term: Term) -> str:
        return " | ".join(f"{stem}{':*' if term.is_prefix else ''}" for stem in term.stems)


def rarity(n_documents: int, n_all: int) -> float:
    """How much a word says: the inverse document frequency of BM25, never below zero."""
    return math.log(1 + (n_all - n_documents + 0.5) / (n_documents + 0.5))
