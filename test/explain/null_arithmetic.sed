s/__u32 \*data = e.*/if (!e) return XDP_PASS; &/
