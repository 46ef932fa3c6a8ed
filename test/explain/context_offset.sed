s/p + 8/p/
