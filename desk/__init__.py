"""Readers, and what else is started only when somebody wants it."""
