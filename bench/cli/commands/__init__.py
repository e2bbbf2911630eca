"""The commands of `bench`, one per file."""
