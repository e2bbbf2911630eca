"""The style sheet and the scripts of the page, which the template reports/index.html.j2 puts into it."""
