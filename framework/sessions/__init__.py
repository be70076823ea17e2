"""The words every process shares: what to run, what happened, what an operator may order."""
