"""Speech, language and understanding: services chosen by name in a stack, checked before anything runs."""
