s/&key, &counts/\&counts, \&key/
