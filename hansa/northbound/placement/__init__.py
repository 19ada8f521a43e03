"""The door of the placement API."""
