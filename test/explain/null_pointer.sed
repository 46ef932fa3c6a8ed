s/return sk->/if (!sk) return 0; &/
