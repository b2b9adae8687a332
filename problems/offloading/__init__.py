"""The offloading program: networks, systems and the terms of P1 at every cut."""
