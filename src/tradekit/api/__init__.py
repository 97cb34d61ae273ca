"""What strategy authors see: declarations, the context, positions.

Not called `strategy`: a package of that name would hide the decorator `tradekit.strategy`.
"""
