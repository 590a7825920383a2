"""What people do with rcbench's rows: run the binary, read its CSV, summarise, draw and report."""
