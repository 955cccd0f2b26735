// Light or dark, as the reader chose last or as the device asks, and the switch that fits; before the first paint, so that
// nothing flashes or moves. Material's program does the same, later.
(function () {
  var inputs = Array.from(document.querySelectorAll("[data-md-component=palette] input"));
  var kept = __md_get("__palette"), kinds = ["media", "scheme", "primary", "accent"];
  function asked(media) { return !!media && matchMedia(media).matches; }
  function given(input) {
    var found = {};
    kinds.forEach(function (kind) {
      var value = input.getAttribute("data-md-color-" + kind);
      if (value !== null) found[kind] = value;
    });
    return found;
  }
  var index = kept && inputs[kept.index] ? kept.index : Math.max(0, inputs.findIndex(function (one) {
    return asked(one.getAttribute("data-md-color-media"));
  }));
  if (!inputs[index]) return;
  var colours = kept && kept.color || given(inputs[index]);
  if (colours.media === "(prefers-color-scheme)") {
    var light = asked("(prefers-color-scheme: light)");
    var input = document.querySelector("[data-md-color-media='(prefers-color-scheme: " + (light ? "light" : "dark") + ")']");
    if (!input) return;
    colours = given(input);
  }
  kinds.forEach(function (kind) {
    if (kind in colours) document.body.setAttribute("data-md-color-" + kind, colours[kind]);
  });
  inputs.forEach(function (one, number) {
    var label = one.nextElementSibling;
    if (label && label.localName === "label") label.hidden = number !== index;
  });
})();
