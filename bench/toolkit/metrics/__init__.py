"""Metrics of samples; each carries its signature."""
