"""The doors to the back wing: what a site, the store, the identity engine and the clock must do."""
