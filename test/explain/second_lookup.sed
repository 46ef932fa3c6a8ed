s/e->count++/if (!e) return 0; &/
