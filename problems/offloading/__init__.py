"""The offloading problem: readings, equations (8)-(20) and the program P1 at every cut."""
