s/e->count++/if (!e) return XDP_PASS; &/
