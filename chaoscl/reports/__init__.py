"""Tables, figures, progress and W&B. Reads results, never trains."""
