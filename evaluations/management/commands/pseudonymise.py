"""Replace the identifiers in a holder's file by an opaque id, on the holder's machine, without a database."""

import getpass
import json
import secrets
import stat
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from evaluations.datasets.pseudonymising import pseudonymise
from evaluations.datasets.pseudonyms import Identity, WeakSecret, fingerprint, key_of
from evaluations.management.commands.analyse import stop
from evaluations.stats.issues import BadInput, Issue

NUMBERS = ("nhs_number", "uln", "upn", "number")
WHO = ("given_name", "family_name", "born")


class Command(BaseCommand):
    help = (
        "Write IN (CSV or XLSX) to OUT with an opaque id in place of what identifies people. Nothing is sent "
        "anywhere and no name is shown. Two holders with the same secret get the same ids. Exit 0: done, 2: bad input."
    )
    requires_system_checks: tuple[str, ...] = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", metavar="IN", type=Path, nargs="?", help="the file with identifiers")
        parser.add_argument("target", metavar="OUT", type=Path, nargs="?", help="the file to write, CSV or XLSX")
        parser.add_argument("--secret-file", type=Path, help="a file that holds the shared secret; asked for if absent")
        parser.add_argument("--new-secret", metavar="FILE", type=Path, help="only make a secret, into a new file")
        parser.add_argument("--nhs-number", metavar="COLUMN", default="", help="the column of NHS numbers")
        parser.add_argument("--uln", metavar="COLUMN", default="", help="the column of unique learner numbers")
        parser.add_argument("--upn", metavar="COLUMN", default="", help="the column of unique pupil numbers")
        parser.add_argument(
            "--number", metavar="COLUMN", default="", help="a number of your own that both holders have"
        )
        parser.add_argument("--given-name", metavar="COLUMN", default="", help="with --family-name and --born")
        parser.add_argument("--family-name", metavar="COLUMN", default="", help="with --given-name and --born")
        parser.add_argument("--born", metavar="COLUMN", default="", help="the date of birth, day first where in doubt")
        parser.add_argument(
            "--drop", metavar="COLUMN", action="append", default=[], help="a further column to leave out"
        )
        parser.add_argument(
            "--keep", metavar="COLUMN", action="append", default=[], help="a column that is no identifier"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["new_secret"] is not None:
                self._make_secret(options["new_secret"])
                return
            identity, key = _identity(options), self._key(options["secret_file"])
            if options["source"] is None or options["target"] is None:
                raise BadInput([Issue("files_missing", "Give the file to read and the file to write.", "")])
            report = pseudonymise(
                options["source"],
                options["target"],
                identity=identity,
                key=key,
                drop=options["drop"],
                keep=options["keep"],
            )
        except BadInput as problem:
            stop(problem.issues)
        answer = {"secret_fingerprint": fingerprint(key), "id_made_of": identity.kind, **report.to_json()}
        self.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False))

    def _make_secret(self, path: Path) -> None:
        try:
            with path.open("x", encoding="utf-8") as file:
                path.chmod(stat.S_IRUSR | stat.S_IWUSR)
                file.write(secrets.token_hex(32) + "\n")
        except OSError as error:
            what = f"No secret was written to {path}: {error.strerror}."
            raise BadInput(
                [Issue("out_not_writable", what, "Give the name of a file that is not there yet.")]
            ) from error
        self.stdout.write(f"A secret was written to {path}. Its fingerprint: {fingerprint(key_of(path.read_text()))}")

    def _key(self, path: Path | None) -> bytes:
        """The key from the file or, where there is none, from what is typed; never from an argument."""
        try:
            if path is None:
                return key_of(getpass.getpass("The shared secret (it is not shown): "))
            if path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
                sys.stderr.write(f"Others on this machine can read {path}: keep it to yourself (chmod 600).\n")
            return key_of(path.read_text(encoding="utf-8"))
        except WeakSecret as error:
            cure = "Make one with --new-secret FILE, and hand it over by another way than the data."
            raise BadInput([Issue("secret_weak", str(error), cure)]) from error
        except (OSError, UnicodeDecodeError) as error:
            what = f"The secret in {path} cannot be read."
            raise BadInput([Issue("secret_unreadable", what, "Check the file's place and name.")]) from error


def _identity(options: dict[str, Any]) -> Identity:
    """What the id is made of: one number, or given name, family name and date of birth. Raises `BadInput`."""
    numbers = [(part, options[part]) for part in NUMBERS if options[part]]
    who = [(part, options[part]) for part in WHO if options[part]]
    if len(numbers) == 1 and not who:
        return Identity(tuple(numbers))
    if len(who) == len(WHO) and not numbers:
        return Identity(tuple(who))
    what = "It must be said what the id is made of, in one way."
    cure = "Give one of --nhs-number, --uln, --upn, --number; or --given-name, --family-name and --born together."
    raise BadInput([Issue("identity_unclear", what, cure)])
