"""A simulated OpenStack cloud in memory."""
