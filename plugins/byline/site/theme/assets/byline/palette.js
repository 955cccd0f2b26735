// Light or dark, as the reader chose last or as the device asks; before the first paint, so that nothing flashes.
(function () {
  var palette = __md_get("__palette");
  if (!palette || !palette.color) return;
  var colours = palette.color;
  if (colours.media === "(prefers-color-scheme)") {
    var light = matchMedia("(prefers-color-scheme: light)").matches;
    var input = document.querySelector("[data-md-color-media='(prefers-color-scheme: " + (light ? "light" : "dark") + ")']");
    if (!input) return;
    colours = {};
    ["media", "scheme", "primary", "accent"].forEach(function (name) {
      colours[name] = input.getAttribute("data-md-color-" + name);
    });
  }
  Object.entries(colours).forEach(function (pair) {
    document.body.setAttribute("data-md-color-" + pair[0], pair[1]);
  });
})();
