s/return e->data/if (i > 15) return XDP_PASS; &/
