"""The look of the reference page: light and dark, narrow and wide, on paper."""

from typing import Final

STYLE: Final = """
:root{--ink:#1c2024;--soft:#5b6470;--paper:#fff;--tint:#f4f6f8;--line:#dde2e8;--link:#0b5cad;--get:#0b6e4f;--post:#0b5cad;
--put:#8a5a00;--delete:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#9aa5b1;--paper:#14171a;--tint:#1d2226;--line:#333a41;
--link:#7ab8ff;--get:#5fd0a5;--post:#7ab8ff;--put:#e8b75a;--delete:#ff8f86}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:84rem;padding:1.5rem;color:var(--ink);background:var(--paper);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans CJK SC",sans-serif}
a{color:var(--link);text-decoration:none}
a:hover{text-decoration:underline}
header{max-width:50rem;border-bottom:1px solid var(--line);padding-bottom:.5rem}
h1{font-size:1.9rem;line-height:1.2;margin:.2rem 0 1rem}
h2{font-size:1.5rem;margin:2.5rem 0 .3rem;padding-bottom:.2rem;border-bottom:2px solid var(--line)}
h3{font-size:1.15rem;margin:0 0 .4rem}
h3 a{color:inherit}
h4{font-size:.8rem;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);margin:1.3rem 0 .3rem}
p{margin:.5rem 0}
code{font:.875em/1.45 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
p code,li code,.limits code{background:var(--tint);border-radius:3px;padding:.05em .3em}
pre{margin:0;padding:.8rem 1rem;background:var(--tint);border:1px solid var(--line);border-radius:6px;overflow:auto;
max-height:30rem;line-height:1.45}
pre code{overflow-wrap:normal}
figure{margin:.6rem 0}
figcaption,.facts,.kind,.limits{color:var(--soft);font-size:.875rem}
.columns{display:grid;grid-template-columns:17rem minmax(0,1fr);gap:2.5rem}
nav{position:sticky;top:0;align-self:start;max-height:100vh;overflow:auto;padding:1.5rem 0;font-size:.875rem}
nav ul{list-style:none;margin:.2rem 0 .8rem;padding:0}
nav li{margin:0}
nav li a{display:block;padding:.2rem 0 .2rem 3.6rem;text-indent:-3.6rem;color:var(--ink);line-height:1.35}
nav .method{display:inline-block;width:3.4rem;text-indent:0;font-size:.68rem}
nav summary{font-weight:600;cursor:pointer}
article{margin:1.4rem 0 2.4rem;padding-top:1.2rem;border-top:1px solid var(--line)}
h2+p+article{border-top:0;padding-top:0}
.route{background:var(--tint);border-radius:6px;padding:.5rem .8rem}
.route code{background:none;padding:0;overflow-wrap:normal}
.method{font:700 .8rem ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.get{color:var(--get)}.post{color:var(--post)}.put,.patch{color:var(--put)}.delete,.needed{color:var(--delete)}
.needed{font-size:.8rem;font-weight:600}
.fields{list-style:none;margin:.3rem 0;padding:0}
.fields>li{padding:.35rem 0;border-top:1px solid var(--line)}
.fields>li:first-child{border-top:0}
.fields .fields{margin:.35rem 0 0 .2rem;padding-left:.9rem;border-left:2px solid var(--line)}
.name{font-weight:600}
details>summary{cursor:pointer;margin:.6rem 0;color:var(--soft)}
.answer{margin:.4rem 0 .8rem}
@media(max-width:56rem){body{padding:1rem}.columns{display:block}
nav{position:static;max-height:none;padding:.8rem 0;border-bottom:1px solid var(--line)}h1{font-size:1.5rem}}
@media print{nav{display:none}.columns{display:block}pre{max-height:none;white-space:pre-wrap}article{break-inside:auto}
h2,h3,h4{break-after:avoid}a{color:inherit}}
"""
