"""Sites that are OpenStack clouds."""
