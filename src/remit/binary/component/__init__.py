"""Components in the binary format (component-model ``Binary.md``): syntax only, nothing is resolved or judged."""
