"""From the tracked frame to tables, figures and files."""
