extension PageMarkup {
    /// Light and dark, and 390 pixels wide. States differ by shape and word as well as by colour.
    static let style = """
        :root{color-scheme:light dark;--bg:#f5f7f9;--card:#fff;--fg:#1b1f24;--dim:#59636e;--line:#d1d9e0;--good:#1a7f37;--bad:#cf222e;\
        --warn:#8a5a00;--bar:#9cc4f0;--wire:#8ba3bd;--flow:#2f6fbf;--copy:#7a5cc4;--badbg:#ffebe9;--warnbg:#fff5d6;--goodbg:#dcf5e3}
        @media(prefers-color-scheme:dark){:root{--bg:#0d1117;--card:#161c24;--fg:#e6edf3;--dim:#9198a1;--line:#303a46;--good:#3fb950;\
        --bad:#ff7b72;--warn:#e3b341;--bar:#28507f;--wire:#4d6177;--flow:#62a4f5;--copy:#b39df0;--badbg:#3d1519;--warnbg:#2f2608;\
        --goodbg:#10301a}}
        *{box-sizing:border-box}
        [hidden]{display:none!important}
        body{margin:0 auto;max-width:86rem;padding:1rem 1.25rem 3rem;background:var(--bg);color:var(--fg);\
        font:15px/1.45 system-ui,sans-serif;font-variant-numeric:tabular-nums}
        header{display:flex;flex-wrap:wrap;align-items:baseline;gap:.2rem 1rem}
        h1{font-size:1.4rem;margin:0}h2{font-size:1rem;margin:0}ul,ol{list-style:none;margin:0;padding:0}p{margin:0}
        header a{color:var(--flow)}#clock{margin-left:auto;color:var(--dim);font-size:.85rem}
        .badge{font-size:.85rem;font-weight:600;padding:.15rem .6rem;border-radius:1rem;border:1px solid currentColor;vertical-align:.15rem}
        [data-state=up] .badge{color:var(--good)}[data-state=degraded] .badge{color:var(--bad)}[data-state=starting] .badge{color:var(--warn)}
        .sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
        main{display:grid;grid-template-columns:minmax(0,1fr) 23rem;gap:1rem;margin-top:1rem;align-items:start}
        #now{grid-column:1/-1}
        #stack{grid-column:1}#hour{grid-column:1}#happened{grid-column:2;grid-row:2/span 2;align-self:stretch}
        section{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1rem}
        #now{padding:0;border:0;background:none}
        #summary{padding:.7rem 1rem;border-radius:.6rem;font-weight:600;background:var(--goodbg);border:1px solid var(--good)}
        #summary[data-level=problem]{background:var(--badbg);border-color:var(--bad)}
        #summary[data-level=notice]{background:var(--warnbg);border-color:var(--warn)}
        #concerns li{padding:.5rem 1rem;margin-top:.4rem;background:var(--card);border:1px solid var(--line);border-left-width:.3rem;\
        border-radius:.4rem;overflow-wrap:anywhere}
        #concerns .problem{border-left-color:var(--bad)}#concerns .notice{border-left-color:var(--warn)}
        #concerns .problem b{color:var(--bad)}#concerns .notice b{color:var(--warn)}
        code{font-size:.85rem;background:var(--bg);border:1px solid var(--line);border-radius:.3rem;padding:.05rem .35rem}
        #gone{margin-top:.8rem;padding:.7rem 1rem;border:2px dashed var(--bad);border-radius:.6rem;background:var(--badbg)}
        .gone main{opacity:.45;filter:grayscale(.8)}
        #picture{position:relative}#wires{position:absolute;inset:0;width:100%;height:100%;z-index:1;pointer-events:none}
        .users{position:relative;width:fit-content;max-width:100%;margin:0 auto;padding:.35rem .9rem;text-align:center;border:1px solid var(--line);\
        border-radius:1.2rem;background:var(--bg)}
        .users b{margin-right:.6rem}
        .row{display:flex;flex-wrap:wrap;justify-content:center;gap:1.2rem 4.5rem;margin-top:3.6rem}.row+.row{margin-top:4.6rem}
        .host{position:relative;flex:1 1 15rem;max-width:22rem;background:var(--bg);border:1px solid var(--line);border-radius:.6rem;padding:.5rem .6rem}
        .host[data-silent=true]{border:2px dashed var(--bad)}
        .host h3{display:flex;justify-content:space-between;align-items:baseline;gap:.5rem;font-size:.95rem;margin:0 0 .3rem}
        .address,.figures,.state{color:var(--dim);font-size:.8rem;font-weight:400}
        .silent{color:var(--bad);font-size:.85rem}.silent:empty{display:none}
        .service{display:grid;grid-template-columns:1.1rem auto 1fr auto;column-gap:.35rem;align-items:baseline;padding:.3rem .5rem;margin-top:.55rem;\
        background:var(--card);border:1px solid var(--line);border-radius:.4rem}
        .service .figures{grid-column:2/-1}.service .figures:empty{display:none}
        .service[data-state=running] .mark{color:var(--good)}.service[data-state=starting] .mark{color:var(--warn)}
        .service[data-state=failed]{border-color:var(--bad);background:var(--badbg)}.service[data-state=failed] .mark{color:var(--bad)}
        .service[data-state=starting]{border-color:var(--warn);background:var(--warnbg)}
        .service[data-state=unknown]{opacity:.6;border-style:dashed}
        .role{font-size:.8rem}.role[data-role=primary]{font-weight:600;color:var(--flow)}.role[data-role=primary]::before{content:"◆ "}
        .role[data-role=replica]{color:var(--copy)}.role[data-role=replica]::before{content:"◇ "}
        #writes{margin-top:.8rem;color:var(--dim);font-size:.85rem;text-align:center}
        .wire{fill:none;stroke:var(--wire)}.wire.write{stroke:var(--flow)}.wire.copy{stroke:var(--copy)}
        .wire.flowing{stroke:var(--flow);stroke-dasharray:7 5;animation:flow 1s linear infinite}.wire.copy.flowing{stroke:var(--copy);stroke-dasharray:2 4}
        .wire.broken{stroke:var(--bad);stroke-dasharray:2 6}
        @keyframes flow{to{stroke-dashoffset:-12}}
        @media(prefers-reduced-motion:reduce){.wire.flowing{animation:none}}
        svg text{fill:var(--dim);font-size:11px}
        .note{paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}svg .note{fill:var(--fg);font-size:12px}
        #hour{display:flex;flex-wrap:wrap;align-items:center;gap:.4rem 1rem}#hour h2{flex:1}
        #span{border:0;padding:0;margin:0;font-size:.85rem;display:flex;gap:.8rem}#span label{cursor:pointer}
        #chart{flex:1 0 100%;min-width:0;overflow:hidden}#chart svg{display:block;max-width:100%}
        #reading{flex:1 0 100%;color:var(--dim);font-size:.85rem;min-height:2.5em}
        .requests{fill:var(--bar)}.errors{fill:var(--bad)}.axis{stroke:var(--dim)}.grid{stroke:var(--line);stroke-dasharray:2 3}
        .p50,.p99{fill:none;stroke:var(--flow);stroke-width:1.75}.p99{stroke:var(--warn);stroke-dasharray:5 3}
        line.event{stroke:var(--dim);stroke-dasharray:3 3}line.primary{stroke:var(--copy)}line.ended,line.failed{stroke:var(--bad)}
        svg text.event{font-size:13px;fill:var(--dim)}svg text.primary{fill:var(--copy)}svg text.ended,svg text.failed{fill:var(--bad)}
        #happened{max-height:46rem;overflow:auto}
        #events li{display:grid;grid-template-columns:auto 1.2rem 1fr;gap:.4rem;padding:.4rem 0;border-top:1px solid var(--line);font-size:.87rem;\
        overflow-wrap:anywhere}
        #events time{color:var(--dim)}#events .mark{text-align:center;color:var(--dim)}#events .primary .mark{color:var(--copy)}
        #events .ended .mark,#events .failed .mark{color:var(--bad)}#events .recovered .mark{color:var(--good)}
        #events:empty::after{content:"Nothing within the last hour.";color:var(--dim);font-size:.87rem}
        @media(max-width:60rem){main{grid-template-columns:minmax(0,1fr)}#happened{grid-column:1;grid-row:auto;max-height:none}}
        @media(max-width:36rem){body{padding:.7rem .6rem 2rem}section{padding:.6rem}.row{gap:.8rem 1.4rem}\
        .host{flex:1 1 8.5rem;min-width:0;padding:.35rem}.host h3{flex-direction:column;gap:0}.service{padding:.25rem .3rem;column-gap:.2rem}\
        .service .role{grid-column:2/-1;grid-row:2}.service .state{grid-column:4}.users{border-radius:.6rem}.users b{display:block;margin:0}\
        #clock{margin-left:0}svg .note{font-size:10px}}
        """
}
