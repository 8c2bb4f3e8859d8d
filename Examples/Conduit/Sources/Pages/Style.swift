/// The style sheet, in the page itself: one request, nothing to cache wrongly.
enum Style {
    static let sheet: HTML = """
        :root{--bg:#fbfaf7;--card:#fff;--ink:#1f2421;--soft:#5c665f;--line:#e2e0d8;--accent:#1f7a4d;--on:#fff;--tint:#e8f3ec;--bad:#b3261e;color-scheme:light dark}
        @media (prefers-color-scheme:dark){:root{--bg:#14171a;--card:#1c2125;--ink:#e7ebe8;--soft:#a3aea8;--line:#2f373c;--accent:#6fcf9b;--on:#10241a;--tint:#1d3328;--bad:#ff8a80}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
        .wrap{max-width:68rem;margin:0 auto;padding:0 1.25rem}
        a{color:var(--accent)}
        :focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:4px}
        .skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.5rem}
        .top{border-bottom:1px solid var(--line);background:var(--card)}
        .top .wrap{display:flex;gap:.25rem 1rem;align-items:baseline;flex-wrap:wrap;padding-top:1rem;padding-bottom:1rem}
        .top span{color:var(--soft)}
        .write{margin-left:auto;font-weight:600}
        .brand{font-size:1.5rem;font-weight:700;letter-spacing:-.02em;text-decoration:none}
        h1{font-size:1.6rem;line-height:1.25;margin:1.5rem 0 1rem;letter-spacing:-.01em;overflow-wrap:anywhere}
        h2{font-size:1.2rem;line-height:1.3;margin:0 0 .25rem;overflow-wrap:anywhere}
        .side{font-size:1.3rem;margin:1.6rem 0 .8rem}
        .path{display:flex;list-style:none;margin:1.5rem 0 0;padding:0;gap:1.75rem}
        .path li{position:relative;flex:1;min-width:0;border:1px solid var(--line);background:var(--card);border-radius:10px;padding:.6rem .8rem}
        .path li+li::before{content:"";position:absolute;left:-1.75rem;top:50%;width:1.75rem;border-top:2px solid var(--accent)}
        .path li+li::after{content:"";position:absolute;left:-.55rem;top:calc(50% - 4px);border:5px solid transparent;border-left-color:var(--accent);border-right:0}
        .path small{display:block;color:var(--soft);font-size:.8rem}
        .path strong{display:block;overflow-wrap:anywhere;line-height:1.3}
        .path .none{font-weight:400;color:var(--soft)}
        .note{color:var(--soft);font-size:.85rem;margin:.5rem 0 0}
        .columns{display:grid;grid-template-columns:minmax(0,1fr) 20rem;gap:0 2.5rem;align-items:start}
        .card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.1rem 1.25rem;margin-bottom:1rem}
        .card h2 a{color:inherit;text-decoration:none}.card h2 a:hover{text-decoration:underline}
        .card p{margin:.25rem 0 .5rem;overflow-wrap:anywhere}
        .meta{color:var(--soft);font-size:.85rem}
        .tags{list-style:none;display:flex;flex-wrap:wrap;gap:.4rem;margin:.5rem 0 0;padding:0}
        .tags a{display:inline-block;background:var(--tint);color:var(--accent);border-radius:99px;padding:.2rem .7rem;font-size:.85rem;text-decoration:none;overflow-wrap:anywhere}
        .tags a:hover{text-decoration:underline}
        .tags [aria-current]{background:var(--accent);color:var(--on)}
        .pages{display:flex;justify-content:space-between;align-items:center;gap:1rem;margin:1.25rem 0}
        .pages span{color:var(--soft)}
        label{display:block;font-weight:600;font-size:.9rem;margin:.8rem 0 .25rem}
        input,textarea{width:100%;font:inherit;color:inherit;background:var(--bg);border:1px solid var(--soft);border-radius:8px;padding:.5rem .65rem}
        textarea{min-height:8rem;resize:vertical}
        button{margin-top:1rem;width:100%;font:inherit;font-weight:600;color:var(--on);background:var(--accent);border:0;border-radius:8px;padding:.65rem;cursor:pointer}
        button:hover{filter:brightness(1.08)}
        .problem{color:var(--bad);font-size:.88rem;margin:.25rem 0 0}
        .banner{border-left:4px solid var(--accent);background:var(--tint);border-radius:8px;padding:.7rem 1rem;margin:1.25rem 0 0}
        .banner.bad{border-color:var(--bad)}
        .body{white-space:pre-wrap;overflow-wrap:anywhere;max-width:42rem}
        footer{color:var(--soft);font-size:.85rem;padding-bottom:2rem;margin-top:2rem}
        @media (max-width:52rem){.columns{grid-template-columns:minmax(0,1fr)}}
        @media (max-width:40rem){.path{flex-direction:column;gap:1rem}.path li{display:flex;justify-content:space-between;gap:1rem;align-items:baseline}
        .path strong{text-align:right}.path li+li::before{left:1.5rem;top:-1rem;width:0;height:1rem;border-top:0;border-left:2px solid var(--accent)}
        .path li+li::after{left:calc(1.5rem - 4px);top:-6px;border:5px solid transparent;border-top-color:var(--accent);border-bottom:0}}
        """
}
