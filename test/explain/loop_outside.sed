s/while (name/for (i = 0; i < 15; i++) if (!(name/
s/comm\[i\])$/comm[i])) break;/
/^		i++;/d
