"""The providers in the box; each module is an ordinary plugin, and imports what it needs when a service is made."""
