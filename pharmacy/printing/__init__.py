"""Labels on paper: printers, and a ledger in which no copy is lost and none is doubled."""
