"""Be the door to the runners of a store: `python gateway.py`."""

from framework.processes.gateway import main

if __name__ == "__main__":
    raise SystemExit(main())
