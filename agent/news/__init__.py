"""Headlines to scores; pure but for feeds.py."""
