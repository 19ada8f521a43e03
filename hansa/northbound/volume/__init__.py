"""The door of the volume API."""
