"""Tables as Markdown and as LaTeX (booktabs), for papers and pages; numbers right, words left."""

from collections.abc import Sequence

#: what TeX would take for a command, or its plain fonts lack
_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "_": r"\_", "&": r"\&", "%": r"\%", "#": r"\#", "$": r"\$",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"$<$", ">": r"$>$", "±": r"$\pm$", "–": "--",
    "−": "$-$", "×": r"$\times$", "…": r"\ldots{}", "·": r"$\cdot$", "µ": r"$\mu$", "²": "$^2$", "|": r"\textbar{}",
}  # fmt: skip
_MARKDOWN = {"\\": "\\\\", "|": "\\|", "\n": " ", "*": "\\*", "_": "\\_", "`": "\\`", "<": "&lt;", "[": "\\["}


def tex(text: str) -> str:
    """A text that TeX prints as it is.

    >>> tex("a_b: 98.7 ± 0.3 %")
    'a\\\\_b: 98.7 $\\\\pm$ 0.3 \\\\%'
    """
    return "".join(_TEX.get(letter, letter) for letter in text)


def marked_down(text: str) -> str:
    """A text that Markdown prints as it is, in one line."""
    return "".join(_MARKDOWN.get(letter, letter) for letter in text)


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> str:
    """A table as GitHub and Hugging Face read it.

    Args:
        head: names of the columns.
        rows: texts.
        left: columns of words; the others are numbers.
    """
    sides = ["---" if place in left else "---:" for place in range(len(head))]
    lines = [[*map(marked_down, head)], sides, *([*map(marked_down, row)] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def latex(
    head: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int] = (0,), *, best: int | None = None,
    caption: str = "", note: str = "",
) -> str:  # fmt: skip
    """A floating table; the document needs `\\usepackage{booktabs}`.

    Args:
        head, rows, left: as of `markdown`.
        best: a row that is set in bold.
        caption: above the table.
        note: small, below it.
    """
    columns = "".join("l" if place in left else "r" for place in range(len(head)))
    body = []
    for place, row in enumerate(rows):
        cells = [rf"\textbf{{{tex(cell)}}}" if place == best else tex(cell) for cell in row]
        body.append(f"    {' & '.join(cells)} \\\\")
    small = rf"  \parbox{{\linewidth}}{{\footnotesize {tex(note)}}}"
    lines = [
        r"% needs \usepackage{booktabs}",
        r"\begin{table}",
        r"  \centering",
        *([rf"  \caption{{{tex(caption)}}}"] if caption else []),
        rf"  \begin{{tabular}}{{{columns}}}",
        r"    \toprule",
        rf"    {' & '.join(map(tex, head))} \\",
        r"    \midrule",
        *body,
        r"    \bottomrule",
        r"  \end{tabular}",
        *(["", r"  \smallskip", small] if note else []),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"
