"""Mail: what a letter looks like (`letter`, `clean`), its headers (`headers`), and how it is handed over (`smtp`)."""
