extension HTMLReport {
    /// Light and dark, and 390 pixels wide.
    static let style = """
        :root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#656d76;--line:#d8dee4;--good:#1a7f37;--bad:#cf222e;\
        --warn:#9a6700;--bar:#6aa5e8;--panel:#f6f8fa}
        @media(prefers-color-scheme:dark){:root{--bg:#0f1318;--fg:#e6edf3;--dim:#8d96a0;--line:#30363d;--good:#3fb950;\
        --bad:#ff7b72;--warn:#d29922;--bar:#3d76b8;--panel:#171c23}}
        body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}
        main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem}
        h1{font-size:1.5rem;line-height:1.3;margin:.2rem 0 1.2rem;padding-left:.8rem;border-left:.35rem solid currentColor}
        h2{font-size:1.15rem;margin:2.2rem 0 .6rem}h3{font-size:1.05rem;margin:0 0 .3rem}h4{margin:1rem 0 .2rem;color:var(--dim)}
        h3 span{font-weight:400;margin-left:.4rem}
        .kind,.proof{color:var(--dim);font-size:.875rem;margin:.4rem 0}
        .held{color:var(--good)}.broken{color:var(--bad)}.not_tested{color:var(--dim)}
        .figures{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;padding:0;margin:0}
        .figures li{background:var(--panel);border-radius:.4rem;padding:.4rem .7rem;color:var(--dim);font-size:.875rem}
        .figures b{color:var(--fg);font-size:1.1rem;margin-right:.2rem}
        .wide{overflow-x:auto}
        table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums;width:100%}
        th{text-align:left;font-weight:400;color:var(--dim);vertical-align:bottom}
        th,td{padding:.3rem .9rem .3rem 0;border-bottom:1px solid var(--line)}
        td:first-child{white-space:nowrap}
        a{color:inherit}
        section{border-top:1px solid var(--line);padding:1.1rem 0 .6rem;margin-top:1rem}
        section p{margin:.2rem 0 .6rem}ul{padding-left:1.2rem;margin:.3rem 0}
        svg{display:block;width:100%;min-width:36rem;height:auto;margin:.5rem 0}
        svg text{fill:var(--dim);font-size:11px}svg .answered{fill:var(--bar)}svg .retried{fill:var(--warn)}
        svg .failed{fill:var(--bad)}svg .unknown{fill:var(--warn)}svg .axis{stroke:var(--line)}
        svg .struck{stroke:var(--bad);stroke-dasharray:3 2}svg .mark{stroke:var(--good);stroke-dasharray:3 2}
        svg .down{fill:var(--bad);opacity:.08}
        code{font-size:.8125rem;overflow-wrap:anywhere}details{font-size:.875rem;color:var(--dim)}
        """
}
