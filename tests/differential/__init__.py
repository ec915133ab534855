"""The same calls on nnlite and on PyTorch, drawn at random from tables, so that a machine finds the next difference.

draws.py        recipes: tensors and indices that either library can make, and strategies that draw them
arguments.py    strategies for what functions take: matching shapes, targets, weights, filters
compare.py      run a call on both, and the one checker of what comes back
functions.py    the table: public name -> strategies for its arguments; one entry for each function
networks.py     the same for nonlinearities, norms, images, losses
creation.py     the same for new tensors; init.py for nn.init
methods.py      the same for methods, operators, indices, and changes in place
modules.py      the same for layers: settings, and the input they are called with
programs.py     views, writes into them, sums of them, and the gradient at the end
exceptions.py   what nnlite refuses though PyTorch computes it, where it goes further, and names that are ours alone

A public name that is in no table and not among the exceptions fails test_coverage.py, and so does an exception that no
longer holds. The examples are always the same ones, so that the suite does not fail by chance. More of them, and other
ones each time:

    NNLITE_DIFFERENTIAL=500 pytest tests/differential
"""
