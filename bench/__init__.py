"""SeqBench compares sequence generators on one oracle and one evaluator, over seeds, with every number signed.

The packages, in the order of import; each imports from those above it in this list, never from those below:

contracts   what a plug-in is, what it is given and what it must return
files       write a file whole, read it or say why not (one module)
toolkit     what plug-ins are built from: corpora, metrics, models, training
plugins     from a reference to its class, its source files, their checksum and its opened dataset
planning    from a preset and options to frozen, hashable cells
records     what is kept on disk and in MLflow: journals, checkpoints, plans, runs, the tracker
judging     from sequences to scores: the evaluator, statistics, samples files, human raters, matched temperatures
engine      from cells to records: session, pool, job, driver, progress, speed, conformance
reporting   from records to tables and figures
cli         the command `bench`: parse, call, print
"""

__version__ = "0.1.0"
