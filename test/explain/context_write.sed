/data_end = 0/d
