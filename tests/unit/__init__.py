"""One room at a time, without processes or faults."""
