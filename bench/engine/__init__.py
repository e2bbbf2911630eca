"""From cells to records: session, pool, job, driver, progress, speed, conformance."""
