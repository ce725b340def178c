"""``python -m chaoscl`` is the ``chaoscl`` command."""

from chaoscl.commands.app import main

if __name__ == "__main__":
    main()
