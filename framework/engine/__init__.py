"""A conversation as arithmetic: no clock, no I/O, no await, no Pipecat."""
