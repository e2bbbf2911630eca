"""Human scores: make a blinded sheet, check its answers, and score them for Table 2. No answers, no figures."""
