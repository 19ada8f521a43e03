"""The door of the compute API."""
