DATA_FILES: list[str] = ["deep/numbers.bin"]
