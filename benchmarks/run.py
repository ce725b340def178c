"""Train models on a stream of text and image tasks under several baselines, and write retention matrices.

python benchmarks/run.py --stream text-image --model chaos2k
"""

import sys

from chaoscl.cli import run_command
from chaoscl.commands.run import run

if __name__ == "__main__":
    sys.exit(run_command(run))
