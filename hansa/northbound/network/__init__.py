"""The door of the network API."""
