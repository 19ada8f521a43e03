"""OpenStack's own API tests, run against one cloud of the lab and against a league over two, and told side by side."""
