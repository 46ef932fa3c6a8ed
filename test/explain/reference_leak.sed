s/if (\*event < 1000)/& { bpf_ringbuf_discard(event, 0);/
/discard/{n
s/return 0;/& }/
}
