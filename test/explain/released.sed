/^	last = /d
s/bpf_ringbuf_submit/last = *event; &/
