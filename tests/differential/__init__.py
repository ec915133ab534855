"""The same calls on nnlite and on PyTorch, drawn at random from tables, so that a machine finds the next difference.

draws.py        recipes: tensors and indices that either library can make, and strategies that draw them
compare.py      run a call on both, and the one checker of what comes back
functions.py    the table: public name -> strategies for its arguments; one line for each function
modules.py      the same for layers: settings, and the input they are called with
exceptions.py   what nnlite refuses though PyTorch computes it, where it goes further, and names that are ours alone

The examples are always the same ones, so that the suite does not fail by chance. More of them, and other ones:

    NNLITE_DIFFERENTIAL=500 pytest tests/differential
"""
