s/while (opt + 2 <= data_end) {/for (int i = 0; i < 16; i++) { __u8 *p = opt; if (p + 2 > data_end) break;/
s/opt\[0\]/p[0]/
s/opt\[1\]/p[1]/
