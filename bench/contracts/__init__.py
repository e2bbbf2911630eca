"""What a plug-in is, what it is given, and what it must return."""
