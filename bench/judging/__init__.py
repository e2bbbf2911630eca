"""From sequences to scores: the evaluator, statistics, samples files, human raters, matched temperatures."""
