"""What is kept on disk and in MLflow: journals, checkpoints, plans, runs, the tracker."""
