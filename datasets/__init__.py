"""The shelf of datasets: one file each (installs as bench.datasets)."""
