"""Named sets of knobs: one TOML file each."""
