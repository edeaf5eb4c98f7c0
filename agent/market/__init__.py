"""Prices to decisions to paper money; pure but for sources.py."""
