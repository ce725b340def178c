"""Measure how fast the suite is on this machine, beside goals, a reference implementation, peers and stock Avalanche.

python benchmarks/speed.py
"""

import sys

from chaoscl.cli import run_command
from timing.run import speed

if __name__ == "__main__":
    sys.exit(run_command(speed))
