"""The HTTP applications and what they share."""
