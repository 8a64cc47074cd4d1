"""Made-up people: photos of them with exact labels for every Gaussian."""
