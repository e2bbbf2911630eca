"""Published values and templates; no code (installs as bench.reports)."""
