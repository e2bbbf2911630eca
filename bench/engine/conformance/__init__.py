"""Conformance: the checks of the contracts that `bench check` runs on any plug-in."""
