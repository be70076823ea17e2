"""Everything needed to test flows and plugins without audio or cloud."""
