"""Letters by e-mail: one recipient each, and no name however written can add a header."""

from __future__ import annotations

from django.core.mail import send_mail

LONGEST_SUBJECT = 200


def send_letter(*, to: str, subject: str, body: str) -> None:
    """Send one letter to one address. Raises what the mail server raises."""
    send_mail(" ".join(subject.split())[:LONGEST_SUBJECT], body, None, [to])
