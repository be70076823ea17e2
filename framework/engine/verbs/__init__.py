"""One module per verb: what a node does on entering, and what it makes of what happens."""
