"""What organisations tell the rooms above them, which they may not import."""

from django.dispatch import Signal

invitation_accepted = Signal()
"""Someone accepted: sent with `invitation` and `by`, in the same transaction."""
