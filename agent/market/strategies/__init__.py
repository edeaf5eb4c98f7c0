"""The strategies that come with moss, one a file; only the one that is configured is imported."""
