s/return \*(__u8.*/return *(__u8 *)e;/
