"""One conversation in this process; the place where Pipecat is wired together."""
