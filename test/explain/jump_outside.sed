s/r0 += 1;/& exit;/
