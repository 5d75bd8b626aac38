from markdown_it import MarkdownIt

from weftnet.base.typeset import latex, markdown, tex

HEAD, ROWS = ["network", "test %"], [["res_net|18*", "98.70 ± 0.31"], ["a & b_{c}", "–"]]


def test_a_table_in_latex() -> None:
    assert latex(HEAD, ROWS, best=0, caption="accuracy %.", note="p < 0.001") == (
        "% needs \\usepackage{booktabs}\n\\begin{table}\n  \\centering\n  \\caption{accuracy \\%.}\n"
        "  \\begin{tabular}{lr}\n    \\toprule\n    network & test \\% \\\\\n    \\midrule\n"
        "    \\textbf{res\\_net\\textbar{}18*} & \\textbf{98.70 $\\pm$ 0.31} \\\\\n    a \\& b\\_\\{c\\} & -- \\\\\n"
        "    \\bottomrule\n  \\end{tabular}\n\n  \\smallskip\n  \\parbox{\\linewidth}{\\footnotesize p $<$ 0.001}\n"
        "\\end{table}\n"
    )


def test_a_table_in_markdown_is_read_back() -> None:
    html = MarkdownIt("commonmark").enable("table").render(markdown(HEAD, ROWS))
    assert "<td>res_net|18*</td>" in html
    assert '<td style="text-align:right">98.70 ± 0.31</td>' in html
    assert "<td>a &amp; b_{c}</td>" in html
    assert html.count("<tr>") == 3


def test_html_stays_words() -> None:
    rows = markdown(["<b>"], [["<script>alert(1)</script>"], ["[a](javascript:x)"], ["two\nlines"]])
    html = MarkdownIt("commonmark").enable("table").render(rows)
    assert "<script" not in html
    assert "<a " not in html
    assert "two lines" in html
    assert tex("\\input{x}") == r"\textbackslash{}input\{x\}"
