"""The paper's tables and figures, made again, with a verdict on what it says about them."""
