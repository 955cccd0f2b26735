// After the text, before Material's own script.
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
