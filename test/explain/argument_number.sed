s/long key/__u32 key/
s/(void \*)key/\&key/
