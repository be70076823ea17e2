"""The plugin host: what plugins may offer, where they come from, who registered what."""
