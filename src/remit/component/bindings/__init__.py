"""Python modules that tell type checkers and editors what a component imports and exports."""
