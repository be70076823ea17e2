"""`python -m framework` is the command line."""

from framework.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
