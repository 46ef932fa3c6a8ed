s/return bytes/if (now > 71) return 0; &/
