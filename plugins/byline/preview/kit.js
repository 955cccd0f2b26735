(function () {
  "use strict";
  var said = document.querySelector(".said");
  function tell(words) {
    said.textContent = words;
    window.clearTimeout(tell.timer);
    tell.timer = window.setTimeout(function () { said.textContent = ""; }, 4000);
  }
  // For browsers that give a page from a file no clipboard.
  function byHand(text) {
    var area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.appendChild(area);
    area.select();
    var done = false;
    try { done = document.execCommand("copy"); } catch (error) { done = false; }
    area.remove();
    tell(done ? "Copied." : "Your browser does not let this page copy. Select the words and copy them.");
  }
  document.querySelectorAll("button[data-text]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      var text = button.dataset.text;
      if (!navigator.clipboard) { byHand(text); button.focus(); return; }
      navigator.clipboard.writeText(text).then(
        function () { tell("Copied."); },
        function () { byHand(text); button.focus(); }
      );
    });
  });
})();
