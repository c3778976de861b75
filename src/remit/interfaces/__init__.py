"""What programs import: one module or package per interface version, all of them adapters of the one kernel."""
