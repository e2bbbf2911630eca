"""Networks that trainers share."""
