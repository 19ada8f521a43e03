"""A whole league of several processes on one machine, to try and to test it."""
