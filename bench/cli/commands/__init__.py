"""One file a command of `bench`."""
