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
  function resolved(colours) {
    if (colours.media !== "(prefers-color-scheme)") return colours;
    var light = asked("(prefers-color-scheme: light)");
    var input = document.querySelector("[data-md-color-media='(prefers-color-scheme: " + (light ? "light" : "dark") + ")']");
    return input && given(input);
  }
  function show(index, colours) {
    if (!colours) return;
    kinds.forEach(function (kind) {
      if (kind in colours) document.body.setAttribute("data-md-color-" + kind, colours[kind]);
    });
    inputs.forEach(function (one, number) {
      var label = one.nextElementSibling;
      if (label && label.localName === "label") label.hidden = number !== index;
    });
  }
  var index = kept && inputs[kept.index] ? kept.index : Math.max(0, inputs.findIndex(function (one) {
    return asked(one.getAttribute("data-md-color-media"));
  }));
  if (!inputs[index]) return;
  show(index, resolved(kept && kept.color || given(inputs[index])));
  // A press of the switch before Material's program is there: done and kept at once, as that program does it and will find it.
  addEventListener("click", function (event) {
    var label = event.target.closest && event.target.closest("[data-md-component=palette] label");
    if (!label || window.document$) return;
    event.preventDefault();
    var number = inputs.findIndex(function (one) { return one.id === label.htmlFor; });
    if (number < 0) return;
    var colours = given(inputs[number]);
    __md_set("__palette", {index: number, color: colours});
    show(number, resolved(colours));
  }, true);
})();
