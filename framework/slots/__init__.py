"""Typed variables of a conversation: one module per type; each hears, checks, reads back and speaks."""
