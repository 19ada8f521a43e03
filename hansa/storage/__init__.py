"""Where the inventory, the aliases and the journal are kept."""
