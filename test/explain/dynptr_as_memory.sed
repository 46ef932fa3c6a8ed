s/word = \*.*/bpf_dynptr_read(\&word, sizeof(word), \&record, 0, 0);/
