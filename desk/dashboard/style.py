"""How an exported day looks, light or dark as its reader's system is."""

STYLE = """
:root{color-scheme:light dark;--ink:#1c1c1c;--paper:#fff;--faint:#667;--rule:#ddd;--band:#cfd8e6;--up:#06703d;
--down:#b3261e;--fast:#b06000;--slow:#5b3fa8}
@media(prefers-color-scheme:dark){:root{--ink:#e8e8e8;--paper:#16181b;--faint:#9aa;--rule:#333a40;--band:#34414f;
--up:#4cc38a;--down:#ff8a80;--fast:#f0b35a;--slow:#b8a1ff}}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1000px;margin:auto;padding:1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin:2rem 0 .3rem}
svg{width:100%;height:auto;display:block}
polyline{fill:none;stroke-width:1.5}
.close,.equity{stroke:var(--ink)}.sma_fast{stroke:var(--fast)}.sma_slow{stroke:var(--slow)}
.hold{stroke:var(--faint);stroke-dasharray:5 4}
.band{fill:var(--band)}.gap{fill:var(--rule)}.grid{stroke:var(--rule);stroke-width:.5}.score{fill:var(--fast);opacity:.7}
.axis{fill:var(--faint);font-size:11px}.buy{fill:var(--up);text-anchor:middle}.sell{fill:var(--down);text-anchor:middle}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
td,th{padding:.15rem .7rem .15rem 0;text-align:left;border-bottom:1px solid var(--rule);vertical-align:top}
footer{margin:2rem 0;color:var(--faint)}
"""
