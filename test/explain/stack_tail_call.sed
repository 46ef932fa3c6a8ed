s/^	jump(ctx);/bpf_tail_call(ctx, \&stages, 1);/
