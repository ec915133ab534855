"""Networks and their losses, one file a model, each with its `train_step` in plain sight."""
