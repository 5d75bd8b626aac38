// texts in another language, by the rules of weftnet/base/language.py: whole, by sentences, by a template
const catalogues = CATALOGUES, joined = { zh: { "; ": "；", " ": "", ".": "。" } };
const longest = 600, placeholder = /\{([~#]?)([a-z_]+)\}/g;
const sentences = /(?<=[.!?]) (?=[A-Z“"(])|; | · |\n/g;
const numeral = "([-−+<]? ?\\d(?:[\\d.,\\u2009]*\\d)?(?:e[-+]?\\d+)?(?: ?%)?)";
const templates = new Map();

function templatesOf(code) {
  if (!templates.has(code)) {
    const own = text => [...text.replace(placeholder, "")].length;
    const found = Object.keys(catalogues[code]).filter(text => text.search(placeholder) >= 0);
    found.sort((a, b) => own(b) - own(a) || (a < b ? -1 : 1));
    templates.set(code, found.map(text => {
      const quoted = text.split(/(\{[~#]?[a-z_]+\})/).map((part, place) => place % 2 ? (part[1] === "#" ? numeral : "(.+?)")
        : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
      const names = [...text.matchAll(placeholder)].map(each => [each[1], each[2]]);
      return { pattern: new RegExp(`^(?:${quoted.join("")})$`), names, other: catalogues[code][text] };
    }));
  }
  return templates.get(code);
}

function formsOf(text, code) {
  const forms = [[text, ""]];
  if (text.endsWith(".")) forms.push([text.slice(0, -1), joined[code]?.["."] ?? "."]);
  return [...forms, ...forms.filter(([form]) => /^\p{Lu}/u.test(form)).map(([form, end]) => [form[0].toLowerCase() + form.slice(1), end])];
}

function exactly(text, code) {
  const found = formsOf(text, code).find(([form]) => Object.hasOwn(catalogues[code], form));
  return found && catalogues[code][found[0]] + found[1];
}

function byTemplate(text, code) {
  if (text.length > longest) return undefined;
  for (const [form, end] of formsOf(text, code))
    for (const { pattern, names, other } of templatesOf(code)) {
      const match = form.match(pattern);
      if (!match) continue;
      const values = Object.fromEntries(names.map(([kind, name], place) =>
        [name, kind === "~" ? translated(match[place + 1], code) ?? match[place + 1] : match[place + 1]]));
      return other.replace(placeholder, (_, kind, name) => values[name]) + end;
    }
  return undefined;
}

function bySentences(text, code) {
  const pieces = text.split(sentences), between = [...text.matchAll(sentences)].map(each => each[0]);
  if (text.length > longest || pieces.length < 2) return undefined;
  const said = pieces.map(piece => exactly(piece, code) ?? byTemplate(piece, code));
  if (said.includes(undefined)) return undefined;
  return said.map((each, place) => each + (place < between.length ? joined[code]?.[between[place]] ?? between[place] : "")).join("");
}

function translated(text, code) {
  return exactly(text, code) ?? bySentences(text, code) ?? byTemplate(text, code);
}

// an element holds a text of the program's, in whichever language is spoken, now and later
function tell(node, text, attribute = "") {
  const name = attribute && `-${attribute}`;
  for (const code of ["en", ...Object.keys(catalogues)]) node.removeAttribute(`data-${code}${name}`);
  const write = said => attribute ? node.setAttribute(attribute, said) : node.textContent = said;
  for (const code of Object.keys(catalogues)) {
    const other = translated(text, code);
    if (other !== undefined) node.setAttribute(`data-${code}${name}`, other);
  }
  node.setAttribute(`data-en${name}`, text);
  write(node.getAttribute(`data-${language}${name}`) ?? text);
  return node;
}

const say = text => tell(document.createElement("span"), text);
