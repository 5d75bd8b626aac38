// what was asked and answered, in this page alone
const MOST = 12;
let asks = [];

// a question and an answer in a line each
const brief = value => Array.isArray(value) ? `${value.length} ×` : typeof value === "number" ? number(value)
  : typeof value === "string" && value.length > 40 ? `${value.slice(0, 39)}…` : String(value);
const briefRow = row => Object.entries(row).map(([name, value]) => `${name} ${brief(value)}`).join(", ");
const briefAnswer = answer => Object.entries(answer).filter(([name]) => !model.answer[name]?.constant).slice(0, 1)
  .map(([name, value]) => model.answer[name]?.draw === "number" ? withUnit(value, model.answer[name].unit || model.target?.unit)
    : Array.isArray(value) ? several(value.flat()) : typeof value === "object" ? name : brief(value)).join("");
const several = values => typeof values[0] !== "number" ? `${values.length} ×`
  : values.slice(0, 3).map(number).join(", ") + (values.length > 3 ? " …" : "");

function remember(row, answer, left, took) {
  const files = Object.fromEntries(model.fields.filter(field => field.widget === "file").map(field => [field.name, "…"]));
  asks = [{ model, row: { ...row, ...files }, answer, left, took }, ...asks].slice(0, MOST);
  showHistory();
}

function showHistory() {
  const own = asks.filter(each => each.model.name === model.name);
  at("history").hidden = !own.length;
  at("asks").replaceChildren(...own.map(each => {
    const button = make("button", { type: "button" }, make("b", {}, briefAnswer(each.answer)), make("span", {}, briefRow(each.row)));
    button.addEventListener("click", () => {
      showError(null);
      at("why").hidden = true;
      fill(each.row);
      question = each.row;
      at("explain").hidden = model.fields.some(field => field.widget === "file");
      show(each.answer, each.left);
      tell(at("took"), each.took);
      at("result").hidden = false;
    });
    return make("li", {}, button);
  }));
}
