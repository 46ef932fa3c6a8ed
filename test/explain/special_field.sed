s/__builtin_memset.*/g->count = 0;/
