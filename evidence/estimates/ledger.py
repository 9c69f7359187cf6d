"""Guards in the database itself, so that no other program can edit or delete an estimate either."""

from __future__ import annotations

from typing import Any

from evidence.estimates.models import LIFECYCLE_FIELDS, EffectEstimate

MESSAGE = "Estimates are never edited or deleted: withdraw or supersede them, with a reason."


def _guarded_columns() -> list[str]:
    fields = EffectEstimate._meta.local_concrete_fields
    return [str(field.column) for field in fields if field.name not in LIFECYCLE_FIELDS]


def _sqlite_guards(table: str, columns: str) -> list[str]:
    return [
        f"CREATE TRIGGER estimate_never_edited BEFORE UPDATE OF {columns} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END",
        f"CREATE TRIGGER estimate_never_deleted BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END",
    ]


def _postgresql_guards(table: str, columns: str) -> list[str]:
    return [
        "CREATE OR REPLACE FUNCTION estimate_append_only() RETURNS trigger AS $$ "
        f"BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$ LANGUAGE plpgsql",
        f"CREATE TRIGGER estimate_never_edited BEFORE UPDATE OF {columns} ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION estimate_append_only()",
        f"CREATE TRIGGER estimate_never_deleted BEFORE DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION estimate_append_only()",
    ]


def drop_guards(connection: Any) -> None:
    """Take the guards off: for a test database about to be emptied, never in use."""
    table = connection.ops.quote_name(EffectEstimate._meta.db_table)
    on_table = f" ON {table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in ("estimate_never_edited", "estimate_never_deleted"):
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}")


def install_guards(connection: Any) -> None:
    """Put the guards on, after every migration: SQLite loses them whenever the table is rebuilt."""
    table = EffectEstimate._meta.db_table
    if table not in connection.introspection.table_names():
        return
    quote = connection.ops.quote_name
    columns = ", ".join(quote(column) for column in _guarded_columns())
    build = {"sqlite": _sqlite_guards, "postgresql": _postgresql_guards}[connection.vendor]
    drop_guards(connection)
    with connection.cursor() as cursor:
        for statement in build(quote(table), columns):
            cursor.execute(statement)
