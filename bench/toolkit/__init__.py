"""What plug-ins are built from: corpora, metrics, models, training."""
