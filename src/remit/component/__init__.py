"""The component model: types, validation, the canonical ABI, instances. It knows no WASI, and no interface by name."""
