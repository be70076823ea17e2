"""Hold voice and text sessions on this machine: `python runner.py`."""

from framework.processes.runner import main

if __name__ == "__main__":
    raise SystemExit(main())
