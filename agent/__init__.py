"""What the two scripts are assembled from; imports only the standard library, requests, schedule and tenacity."""

__version__ = "0.1.0"

# The form of the records; it rises when a reader would have to know.
SCHEMA = 1
