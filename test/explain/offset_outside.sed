s/return e->data/if (i > 15) return 0; &/
