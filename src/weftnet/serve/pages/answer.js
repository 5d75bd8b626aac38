// a drawing for each form of an answer's field (base/answers.py)
function bars(shares) {
  const all = Object.entries(shares).sort((a, b) => b[1] - a[1]).slice(0, 10);
  return make("dl", { className: "bars" }, ...all.flatMap(([name, share]) => [make("dt", {}, name),
    make("dd", { className: "bar", role: "img", "aria-label": percent(share) },
      make("i", { style: `width:${(100 * share).toFixed(2)}%` })), make("dd", { className: "share" }, percent(share))]));
}

const large = text => make("p", { className: "answer" }, text);
const withUnit = (value, unit) => unit === "share" ? percent(value) : number(value) + (unit ? ` ${unit}` : "");
const rows = steps => make("pre", {}, steps.map(step => [step].flat().map(number).join("  ")).join("\n"));
const png = content => `data:image/png;base64,${content}`;
const colour = place => `hsl(${(place * 137.508) % 360} 75% 50%)`;
const askedPicture = () => document.querySelector("#fields .drop img:not([hidden])");

const drawings = {
  text: value => large(value),
  texts: value => value.length ? large(value.join(", ")) : tell(large(""), "none of them"),
  number: (value, form) => large(withUnit(value, form.unit || model.target?.unit)),
  shares: value => bars(value),
  numbers: value => rows([value]),
  series: value => rows(value),
  curves: (value, form, answer) => curves(value, form, answer),
  edge: () => null,
  picture: value => tell(make("img", { src: png(value), className: "picture" }), "picture", "alt"),
  mask: (value, form, answer) => overlay(value, answer[form.classes] ?? []),
  sound: value => make("audio", { src: `data:audio/wav;base64,${value}`, controls: true, className: "picture" }),
  download: (value, form) => tell(make("a", { href: `data:application/octet-stream;base64,${value}`,
    download: `answer${form.suffix}` }), `a file of ${number(atob(value).length)} bytes`),
  pieces: (value, form) => pieces(value, form.unit),
  marks: (value, form, answer) => marks(value, answer[form.words] ?? []),
  placed: (value, form, answer) => placed(value, answer[form.size] ?? [1, 1]),
  json: value => make("pre", {}, JSON.stringify(value, null, 1)),
};

// a chart for each column, with the area between two other fields, and the numbers below
function curves(steps, form, answer) {
  const [low, high, names] = [form.low, form.high, form.names].map(name => answer[name] ?? []);
  const charts = steps[0].slice(0, 8).map((_, column) => {
    const own = [steps, low, high].map(each => each.map(step => step[column])), all = own.flat();
    const [least, most] = [Math.min(...all), Math.max(...all)];
    const x = place => (300 * (place + .5) / steps.length).toFixed(1), y = value => (95 - 90 * (value - least) / (most - least || 1)).toFixed(1);
    const points = values => values.map((value, place) => `${x(place)},${y(value)}`);
    const svg = make("div", { className: "curve" });
    svg.innerHTML = `<svg viewBox="0 0 300 100" preserveAspectRatio="none"><polygon points="${[...points(own[1]), ...points(own[2]).reverse()].join(" ")}"/>`
      + `<polyline points="${points(own[0]).join(" ")}"/></svg>`;
    const said = `${number(least)} to ${number(most)}, ${steps.length} steps`;
    return make("figure", { role: "img", "aria-label": `${names[column] ?? ""} ${said}` }, svg,
      make("figcaption", { className: "soft" }, names[column] ? `${names[column]} ` : "", say(said)));
  });
  const numbers = make("details", {}, tell(make("summary"), "numbers"), rows(steps));
  if (low.length) numbers.append(say("low"), rows(low), say("high"), rows(high));
  return make("div", {}, ...charts, numbers);
}

// pieces of a text, each above where it begins
function pieces(list, unit) {
  const place = value => number(value) + (unit ? ` ${unit}` : "");
  return make("p", { className: "pieces" }, ...list.map(({ text, begin, end }) =>
    make("span", { title: `${place(begin)} … ${place(end)}` }, text.trim() ? text : "\u00a0", make("small", {}, place(begin)))));
}

// words, those with a tag underlined in its colour
function marks(tags, words) {
  const kind = tag => tag.replace(/^[BIES]-/, ""), kinds = [...new Set(tags.map(kind))].filter(each => each !== "O").sort();
  return make("p", { className: "marks" }, ...tags.flatMap((tag, place) => [" ", tag === "O" ? words[place] ?? ""
    : make("mark", { style: `border-color:${colour(kinds.indexOf(kind(tag)))}` }, words[place] ?? "", make("sub", {}, tag))]));
}

// things in a picture, each with the box around it in the colour of its class
function placed(things, [height, width]) {
  const names = [...new Set(things.map(each => each.label))].sort(), ink = label => colour(names.indexOf(label));
  const legend = make("p", { className: "legend" }, ...names.map(name => make("span", {},
    make("i", { style: `background:${ink(name)}` }), `${name} (${things.filter(each => each.label === name).length})`)));
  if (!things.length) legend.append(say("nothing is found"));
  const canvas = make("canvas", { className: "picture", role: "img",
    "aria-label": things.map(each => `${each.label} ${percent(each.likelihood)}`).join(", ") || "–" });
  const asked = askedPicture(), factor = Math.max(1, 480 / width);
  canvas.width = Math.round(width * factor); canvas.height = Math.round(height * factor);
  const context = canvas.getContext("2d");
  if (asked) context.drawImage(asked, 0, 0, canvas.width, canvas.height);
  context.lineWidth = 2; context.font = "12px sans-serif"; context.textBaseline = "bottom";
  for (const { label, likelihood, box } of [...things].reverse()) {
    const [left, top, right, bottom] = box.map(side => side * factor), text = `${label} ${percent(likelihood)}`;
    context.strokeStyle = context.fillStyle = ink(label);
    context.strokeRect(left, top, right - left, bottom - top);
    const above = Math.max(top, 14);
    context.fillRect(left - 1, above - 14, context.measureText(text).width + 6, 14);
    context.fillStyle = "#fff"; context.fillText(text, left + 2, above);
  }
  return make("div", {}, canvas, legend);
}

function overlay(mask, names) {
  const canvas = make("canvas", { className: "picture", role: "img", "aria-label": names.join(", ") });
  const legend = make("p", { className: "legend" });
  const image = new Image(), asked = askedPicture();
  image.onload = () => {
    canvas.width = image.width; canvas.height = image.height;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, image.width, image.height), paint = document.createElement("canvas");
    const seen = [...new Set(pixels.data.filter((_, place) => place % 4 === 0))].filter(each => each < names.length).sort((a, b) => a - b);
    const ink = new Map(seen.map(each => {
      paint.width = paint.height = 1;
      const one = paint.getContext("2d");
      one.fillStyle = colour(each); one.fillRect(0, 0, 1, 1);
      return [each, one.getImageData(0, 0, 1, 1).data];
    }));
    for (let place = 0; place < pixels.data.length; place += 4) {
      const [red, green, blue] = ink.get(pixels.data[place]) ?? [0, 0, 0];
      pixels.data.set([red, green, blue, ink.has(pixels.data[place]) ? 140 : 0], place);
    }
    paint.width = image.width; paint.height = image.height;
    paint.getContext("2d").putImageData(pixels, 0, 0);
    context.clearRect(0, 0, image.width, image.height);
    if (asked) context.drawImage(asked, 0, 0, image.width, image.height);
    context.drawImage(paint, 0, 0);
    legend.replaceChildren(...seen.map(each => make("span", {}, make("i", { style: `background:${colour(each)}` }), names[each])));
  };
  image.src = png(mask);
  return make("div", {}, canvas, legend);
}

// an answer, and below it where its row left what was seen in training
function show(answer, left = []) {
  const shown = Object.entries(answer).filter(([name]) => !model.answer[name]?.constant).map(([name, value]) => {
    const form = model.answer[name] ?? { draw: "json" };
    return [name, (drawings[form.draw] ?? drawings.json)(value, form, answer)];
  }).filter(([, drawn]) => drawn);
  if (shown.length) shown[0][1].id = "label";
  at("answer").replaceChildren(...shown.flatMap(([name, drawn], place) =>
    place ? [tell(make("p", { className: "soft" }), name.replaceAll("_", " ")), drawn] : [drawn]));
  at("target").textContent = model.target ? `: ${model.target.name}${unitOf(model.target)}` : "";
  at("marks").replaceChildren(...left.map(each => tell(make("p", { className: "notice" }), each)));
}
