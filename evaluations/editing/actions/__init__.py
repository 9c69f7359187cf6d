"""What editors do: propose, decide, take back; and what readers do: suggest a correction."""
