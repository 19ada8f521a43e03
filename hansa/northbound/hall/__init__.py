"""What all public APIs share: reading requests, tokens, microversions, paging, routes."""
