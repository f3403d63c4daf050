// Opens a profile in a drawer over the page, and keeps the newest answer in view. Without this
// script the links open the same reading page in a new tab.
(() => {
  "use strict";

  const drawer = document.createElement("dialog");
  drawer.id = "drawer";
  drawer.setAttribute("aria-label", "Profile");
  drawer.innerHTML =
    '<div class="bar"><a target="_blank" rel="noopener">Open as a page</a>' +
    '<button type="button" aria-label="Close">Close</button></div><div class="sheet"></div>';
  const [page, close] = drawer.querySelectorAll("a, button");
  const sheet = drawer.querySelector(".sheet");
  close.addEventListener("click", () => drawer.close());
  drawer.addEventListener("click", (event) => {
    if (event.target === drawer) drawer.close();
  });
  drawer.addEventListener("close", () => sheet.replaceChildren());

  const open = async (address) => {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`${response.status}`);
    const read = new DOMParser().parseFromString(await response.text(), "text/html");
    page.href = address;
    sheet.replaceChildren(...document.adoptNode(read.querySelector("main")).childNodes);
    if (!drawer.isConnected) document.body.append(drawer);
    if (!drawer.open) drawer.showModal();
    const mark = sheet.querySelector("#quote");
    if (mark) mark.scrollIntoView({ block: "center" });
    else sheet.scrollTop = 0;
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a.open-profile");
    const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!link || !plain || event.button !== 0) return;
    event.preventDefault();
    open(link.href).catch(() => window.open(link.href, "_blank", "noopener"));
  });

  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let turns = 0;
  new MutationObserver(() => {
    const shown = document.querySelectorAll("#log .turn");
    if (shown.length !== turns && shown.length) {
      const behavior = calm.matches ? "auto" : "smooth";
      shown[shown.length - 1].scrollIntoView({ block: "start", behavior });
    }
    turns = shown.length;
  }).observe(document, { childList: true, subtree: true });
})();
