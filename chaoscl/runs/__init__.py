"""Run specification, training, evaluation during a stream, run folders and sweeps."""
