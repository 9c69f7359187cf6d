"""What readers do with what they keep, and the news sent of it."""
