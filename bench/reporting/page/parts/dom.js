"use strict";
// Helpers that all scripts share: the page's data, elements, and the line that tells what happened.

const page = JSON.parse(document.getElementById("data").textContent);

/** Return a new element; attributes that begin with "on" are listeners, children are nodes or texts. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** Say something in the status line, which screen readers speak. */
function say(message) {
  document.getElementById("status").textContent = message;
}

/** Return a folded menu: a summary and a panel. Escape, or a click elsewhere, folds it again. */
function menu(title, attributes, ...children) {
  const fold = make("details", attributes, make("summary", {}, title), make("div", { class: "menu" }, ...children));
  fold.addEventListener("keydown", event => {
    if (event.key !== "Escape" || !fold.open) return;
    fold.open = false;
    fold.querySelector("summary").focus();
  });
  document.addEventListener("click", event => { if (!fold.contains(event.target)) fold.open = false; });
  return fold;
}

/** Return a select with one option for each name; `chosen` is called with the index of the chosen one. */
function choice(label, names, chosen) {
  const options = names.map((name, index) => make("option", { value: index }, name));
  return make("label", {}, `${label} `, make("select", { onchange: event => chosen(Number(event.target.value)) }, ...options));
}
