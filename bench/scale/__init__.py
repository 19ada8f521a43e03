"""How a league does over a hundred sites with ten thousand servers each: `python -m bench.scale`."""
