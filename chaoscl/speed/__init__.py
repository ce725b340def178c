"""How fast the suite is: paired timings beside the published way, peers and goals. What benchmarks/speed.py runs."""
