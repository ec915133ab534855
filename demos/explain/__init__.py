"""Short films of what happens inside: `python -m demos.explain conv`, and so on. docs/learn/ uses them."""
