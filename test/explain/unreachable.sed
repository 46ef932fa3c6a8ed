/exit; /d
