s/data + 12/data + 14/
