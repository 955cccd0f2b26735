// After the text, before Material's own program.
(function () {
  // A link to a tab opens it.
  var target = document.getElementById(location.hash.slice(1));
  if (target && target.name) target.checked = target.name.startsWith("__tabbed_");
  // Tabs of the same name open together, where the settings ask for it.
  var tabs = document.currentScript.dataset.tabs ? __md_get("__tabs") : null;
  if (Array.isArray(tabs)) {
    document.querySelectorAll(".tabbed-set").forEach(function (set) {
      var labels = Array.from(set.querySelectorAll(".tabbed-labels label"));
      tabs.some(function (name) {
        var label = labels.find(function (one) { return one.innerText.trim() === name; });
        if (label) document.getElementById(label.htmlFor).checked = true;
        return !!label;
      });
    });
  }
  // Material takes every alternate address for a translation and fetches a sitemap.xml beside it; feeds are none.
  document.querySelectorAll("link[rel=alternate][type]").forEach(function (link) { link.rel = "alternate feed"; });
})();
// Material reads the index of the search on every page, before anybody searches; on a large site nothing weighs more.
// It waits until somebody turns to the search: points at it, steps into it, opens it by a key or by an address with `?q=`.
(function () {
  var request = XMLHttpRequest.prototype, open = request.open, send = request.send, held = [];
  if (/[?&]q=/.test(location.search)) return;
  function release() {
    if (!held) return;
    var all = held;
    held = null;
    request.open = open;
    request.send = send;
    all.forEach(function (one) { send.call(one); });
  }
  request.open = function (method, address) {
    this.bylineIndex = /\/search\/search_index\.json$/.test(address);
    return open.apply(this, arguments);
  };
  request.send = function (body) {
    if (this.bylineIndex && held) held.push(this);
    else send.call(this, body);
  };
  ["pointerover", "focusin", "change"].forEach(function (kind) {
    document.addEventListener(kind, function (event) {
      if (event.target.closest && event.target.closest(".md-search, .by-search, #__search")) release();
    });
  });
})();
