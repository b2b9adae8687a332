"""The running framework: schemes, deployment, measures and simulations from TOML files."""
