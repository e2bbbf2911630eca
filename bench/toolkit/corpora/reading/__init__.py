"""One reader for every file of sequences that a user brings: lines of text, columns of tables, FASTA, SMILES."""
