"""The programs, each wired together in one readable recipe."""
