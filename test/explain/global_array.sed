s/^	table/if (position > 7) return XDP_PASS; &/
