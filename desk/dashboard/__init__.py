"""What moss recorded, seen in a browser: a server that only reads, started when somebody looks."""
