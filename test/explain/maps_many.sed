/^MAP(last/d
/LOOK(last)/d
