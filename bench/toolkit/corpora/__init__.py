"""From published files to token ids."""
