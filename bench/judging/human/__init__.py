"""Human scores: a blinded sheet, its answers checked, and Table 2's column. No figure exists without answers."""
