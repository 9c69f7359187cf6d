"""How fast the public side is with 20,000 interventions and 100,000 estimates: `python -m benchmarks.catalogue`."""
