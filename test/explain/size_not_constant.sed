s/&events, len/\&events, 256/
