"""Whole conversations in virtual time, with everything around the engine scripted: tests, searches and callers."""
