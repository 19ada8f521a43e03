"""The identity engine: a real Keystone run beside us, or the one the operator has."""
