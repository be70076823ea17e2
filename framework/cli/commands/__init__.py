"""Commands, one module each; a module's function of its own name, or its `app`, is the command."""
