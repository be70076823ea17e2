"""Where the parts of these tests are found."""

import sys
from pathlib import Path

from framework.testing.redis import redis_server

sys.path.insert(0, str(Path(__file__).parent))

__all__ = ["redis_server"]
