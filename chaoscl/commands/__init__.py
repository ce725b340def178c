"""The ``chaoscl`` command, one file a verb: thin, and quick to start because each imports what it needs when called."""
