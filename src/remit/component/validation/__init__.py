"""Validation of components: from syntax to steps, with every rule of the specification checked on the way."""
