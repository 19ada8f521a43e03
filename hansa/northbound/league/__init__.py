"""The door of the league API."""
