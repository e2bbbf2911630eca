"""Plug-ins: from a reference to its class, its source files, their checksum and its opened dataset."""
