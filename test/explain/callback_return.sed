s/return \*(__u64 \*)sum;/return 0;/
