"""moss on a server: a real systemd, real cron, real logrotate, in namespaces of this machine. `make chaos` runs it."""
