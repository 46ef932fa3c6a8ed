s/seen\[i\] = 1/if (i > 15) return XDP_PASS; &/
