"""What a monitoring system reads of the league, in the form that Prometheus made common."""
