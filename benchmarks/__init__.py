"""What speed the project promises, measured: `python -m benchmarks [NAME…] [--json FILE]`."""
