"""SeqBench: compare sequence generators on one oracle, one evaluator, many seeds."""

__version__ = "0.1.0"
