"""How fast Hansa is, in ratios that one run on one machine can tell: `python -m bench`."""
