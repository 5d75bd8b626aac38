"""What a drawing looks like: its rules of style, light and dark, and the hue of each family of blocks."""

# Plain class rules, no custom properties: SVG converters and editors support those too.
STYLE = """
.weftnet{font-family:ui-sans-serif,system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.weftnet text{fill:#1f2933;font-size:13px}
.weftnet .soft{fill:#64717f;font-size:11px}
.weftnet .name{font-weight:600}
.weftnet .mid{text-anchor:middle}.weftnet .end{text-anchor:end}
.weftnet .line{fill:none;stroke:#8a97a5;stroke-width:1.5}
.weftnet .head{fill:#8a97a5}
.weftnet .box{fill:#ffffff;stroke:#d5dce3}
.weftnet .pill{fill:#eef2f6;stroke:#d5dce3}
.weftnet .frame{fill:#f6f8fa;stroke:#d5dce3;stroke-dasharray:4 3}
@media (prefers-color-scheme:dark){
.weftnet text{fill:#e6ebf0}.weftnet .soft{fill:#9aa7b4}
.weftnet .line{stroke:#6f7d8b}.weftnet .head{fill:#6f7d8b}
.weftnet .box{fill:#232b34;stroke:#3a4652}.weftnet .pill{fill:#2b3540;stroke:#3a4652}
.weftnet .frame{fill:#1a2129;stroke:#3a4652}
}
"""
#: family of blocks → hue of its stripe
HUES = {
    "dense": 215, "convolution": 255, "pooling": 190, "normalisation": 45, "activation": 25, "recurrent": 150,
    "attention": 330, "transformer": 345, "position": 90, "embedding": 120, "regularisation": 0, "reshape": 275,
}  # fmt: skip
