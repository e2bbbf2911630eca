// The signature of a column, shown while its head is hovered or focused; Escape hides it.

const tip = make("div", { id: "tip", role: "tooltip", hidden: true });
let explained = null;

function showTip(head) {
  explained = head;
  tip.textContent = head.dataset.signature;
  tip.hidden = false;
  const place = head.getBoundingClientRect(), own = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(8, Math.min(place.left, innerWidth - own.width - 8))}px`;
  tip.style.top = `${place.top > own.height + 8 ? place.top - own.height - 6 : place.bottom + 6}px`;
}

function hideTip() {
  tip.hidden = true;
}

/** Let a head of a table show its signature. */
function explain(head) {
  const target = head.querySelector("button");
  target.setAttribute("aria-describedby", "tip");
  head.addEventListener("pointerenter", () => showTip(head));
  head.addEventListener("pointerleave", hideTip);
  target.addEventListener("focus", () => showTip(head));
  target.addEventListener("blur", hideTip);
}

document.addEventListener("keydown", event => { if (event.key === "Escape") hideTip(); });
document.addEventListener("scroll", () => { if (!tip.hidden) showTip(explained); }, { capture: true, passive: true });
