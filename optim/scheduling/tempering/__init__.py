"""The frontier: parallel tempering guided by the LP's reduced costs."""
