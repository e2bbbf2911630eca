"""Training steps that trainers share."""
