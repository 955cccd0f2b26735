"""Set words in the fonts that are shipped, in any script.

    title = words("価格について", language="ja")
    found = fit(title, Face(title.family, 640), room=(912, 368), sizes=(92, 62, 45), leading=1.14, most_lines=4)

What is in the two families of the pages is set letter by letter (`letters`); everything else by HarfBuzz (`shaping`) in
the fonts under `fonts/cards`, which are opened only then. `setting` does either. The same words give the same pixels on
every machine.
"""
