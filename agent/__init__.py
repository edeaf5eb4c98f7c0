"""What the two scripts are assembled from; imports only the standard library, requests, schedule and tenacity."""
