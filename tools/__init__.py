"""What the tests, benchmarks and examples of this project need beside Python: guests, and a C compiler for WASI."""
