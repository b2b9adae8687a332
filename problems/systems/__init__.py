"""Systems: devices, pools, links and terminals, with presets."""
