s/(__u64 \*)&e->data/\&e->data/
