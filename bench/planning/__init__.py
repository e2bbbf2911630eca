"""From a preset and options to frozen, hashable cells."""
