s/^	table/if (position > 7) return 0; &/
