"""The shelf of trainers: one file each (installs as bench.baselines)."""
