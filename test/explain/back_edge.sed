s/unroll(disable)/unroll(full)/
