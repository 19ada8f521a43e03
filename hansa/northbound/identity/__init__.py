"""The door of the identity API."""
