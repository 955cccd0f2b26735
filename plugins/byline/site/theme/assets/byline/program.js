// Material's own program is heavier than all else that runs here, and a page is read without it: search, switch of colours
// and copy buttons need a person. It comes when one first does something. The switch of colours does not wait for it (palette.js);
// a key that was pressed then is pressed again.
(function (address) {
  var kinds = ["pointerdown", "pointermove", "touchstart", "wheel", "scroll", "keydown", "focusin", "click"];
  var begun = false, pressed;
  function begin() {
    if (begun) return;
    begun = true;
    var script = document.createElement("script");
    script.src = address;
    script.onload = function () {
      kinds.forEach(function (kind) { removeEventListener(kind, notice, true); });
      if (pressed) dispatchEvent(new KeyboardEvent("keydown", {key: pressed}));
    };
    document.body.appendChild(script);
  }
  function notice(event) {
    var on = event.target && event.target.closest ? event.target : document.body;
    begin();
    if (event.type === "keydown" && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey &&
        !on.closest("input, textarea, select, [contenteditable]")) pressed = event.key;
  }
  kinds.forEach(function (kind) { addEventListener(kind, notice, {capture: true, passive: true}); });
  if (location.hash || /[?&]q=/.test(location.search)) begin();
})(document.currentScript.dataset.program);
