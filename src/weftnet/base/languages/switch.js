"use strict";
// the language of a page: the one chosen before, else the browser's, else English (weftnet/base/language.py)
const languages = LANGUAGES, attributes = ["alt", "title", "aria-label", "placeholder"];
let language = Object.keys(languages)[0];
const heard = [];  // what else is drawn anew in another language

function preferred() {
  try {
    const kept = localStorage.getItem("weftnet-language");
    if (kept !== null && Object.hasOwn(languages, kept)) return kept;
  } catch { /* a page that may keep nothing */ }
  const wanted = [...(navigator.languages ?? []), navigator.language].map(each => String(each).toLowerCase().split("-")[0]);
  return wanted.find(each => Object.hasOwn(languages, each)) ?? Object.keys(languages)[0];
}

// the texts below an element in the language: an element holds its text in English, data-zh the one in Chinese
function translate(root) {
  const other = Object.keys(languages).slice(1);
  const turn = (node, name, read, write) => {
    if (!other.some(each => node.hasAttribute(`data-${each}${name}`))) return;
    if (!node.hasAttribute(`data-en${name}`)) node.setAttribute(`data-en${name}`, read());
    write(node.getAttribute(`data-${language}${name}`) ?? node.getAttribute(`data-en${name}`));
  };
  for (const node of root.querySelectorAll(other.map(each => `[data-${each}]`).join()))
    turn(node, "", () => node.textContent, text => node.textContent = text);
  for (const name of attributes)
    for (const node of root.querySelectorAll(other.map(each => `[data-${each}-${name}]`).join()))
      turn(node, `-${name}`, () => node.getAttribute(name), text => node.setAttribute(name, text));
}

function speak(chosen) {
  language = chosen;
  document.documentElement.lang = chosen;
  translate(document);
  for (const button of document.querySelectorAll("#languages button"))
    button.setAttribute("aria-pressed", String(button.lang === chosen));
  heard.forEach(each => each());
}

document.getElementById("languages")?.replaceChildren(...Object.entries(languages).map(([code, name]) => {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", lang: code, textContent: name });
  button.addEventListener("click", () => {
    try { localStorage.setItem("weftnet-language", code); } catch { /* it is forgotten with the page */ }
    speak(code);
  });
  return button;
}));
speak(preferred());
