"""Sends news of a saved search. Safe to deliver twice: the second finds that it was sent."""

from celery import shared_task

from evaluations.saved.actions import digests


@shared_task(name=digests.TASK_NAME, acks_late=True)
def send_digest(search_id: int) -> None:
    """Send the letter of one saved search, where there is something new."""
    digests.send_digest(search_id)
