// Runs before the first paint, so that the page never flashes in the other theme. "auto" follows the system.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("moss-theme");
  } catch {
    // A browser may forbid storage; then the system's theme holds.
  }
  document.documentElement.dataset.theme = chosen === "light" || chosen === "dark" ? chosen : "auto";
})();
