"""Charts, tables and sentences of one run, as HTML, Markdown and text; the only room that imports matplotlib. Uses base,
stats, rows, answers and runtimes."""
