s/call 7;/r6 = r1; call 7;/
s/r1 + 16/r6 + 16/
