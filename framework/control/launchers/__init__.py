"""The places in the box where runners can be started."""
