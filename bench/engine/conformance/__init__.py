"""The conformance checks of the contracts, which `bench check` runs on any plug-in."""
