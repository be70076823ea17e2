"""Conversations written in YAML: read, check, draw. Knows nothing about audio."""
