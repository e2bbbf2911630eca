"""How samples are judged: each metric carries its signature."""
