s/return bytes/if (now > 71) return XDP_PASS; &/
