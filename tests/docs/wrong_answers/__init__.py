"""For each exercise of docs/learn/, under its name, answers that its check must refuse: slips that people make."""
