"""The door of the image API."""
