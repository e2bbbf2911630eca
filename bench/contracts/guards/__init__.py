"""Every check that a plug-in keeps its contract: one file for datasets, trainers, generators and metrics each.

A `check_` function only refuses. A `checked_` function also returns the value in the form that the engine uses.
"""
