"""Before tracking can help: which pictures of a person are good, which are wanted, and where the person is in them."""
