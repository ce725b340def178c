"""How fast the suite is: paired timings beside a reference implementation, other libraries and goals."""
