"""The command `bench`: parse, call, print."""

from bench.cli.early import leave_quietly

leave_quietly()  # first: the imports of the command take a while
