"""Objects of the league with a replica at each site that needs them, made on demand."""
