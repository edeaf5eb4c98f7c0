"""A real machine of one processor and 1 GB, emulated in software, and what breaks on it; `make vps` runs these."""
