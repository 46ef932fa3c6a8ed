s/MAP(counts.*/RINGBUF(counts);/
