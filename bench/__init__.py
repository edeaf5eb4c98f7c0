"""What things cost, beside what others cost, in one run; only `make bench` installs the peers for it."""
