"""What runs the operations, and PyTorch's switches for it: nnlite.backends.use("plain"), .without("winograd"), ..."""
