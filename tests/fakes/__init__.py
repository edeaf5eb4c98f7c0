"""Hand-made stand-ins for the world outside."""
