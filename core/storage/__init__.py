"""Files are read without pickles, bounded before they are read, and written atomically."""
