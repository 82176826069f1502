extension StyleSheet {
  /// What pages have besides the rules of their charts, whose colours of paper and ink these are.
  static let page = """
    :root{color-scheme:light dark;--paper:#ffffff;--ink:#222222;--muted:#5f6670;--line:#d9dde2;--field:#f4f6f8;--link:#005a8c}
    @media screen and (prefers-color-scheme:dark){
    :root{--paper:#16181c;--ink:#e8e8e8;--muted:#a0a4ab;--line:#3a3d44;--field:#1e2127;--link:#7cc4f0}
    }
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%}
    body{margin:0 auto;max-width:60rem;padding:2.5rem 1.25rem 4rem;background:var(--paper);color:var(--ink);font:1rem/1.6 system-ui,sans-serif}
    h1{font-size:2rem;line-height:1.2;margin:0 0 .75rem;overflow-wrap:anywhere}
    h2{font-size:1.4rem;line-height:1.3;margin:3rem 0 .75rem;padding-top:1rem;border-top:1px solid var(--line)}
    h3{font-size:1.1rem;margin:2rem 0 .5rem}
    p,main ul{max-width:44rem}
    p{margin:.75rem 0;overflow-wrap:anywhere}
    .lead{font-size:1.1rem;color:var(--muted);margin:0}
    a{color:var(--link)}
    nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:1.5rem 0 0;padding:0}
    main ul{padding-left:1.2rem}
    main li{margin:.4rem 0;overflow-wrap:anywhere}
    figure{margin:1.75rem 0}
    figcaption{font-size:.9rem;line-height:1.5;color:var(--muted);margin-top:.5rem;max-width:44rem}
    figcaption b{color:var(--ink)}
    figcaption code{display:block;margin-top:.4rem}
    code{font:.8rem/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
    pre{background:var(--field);border:1px solid var(--line);border-radius:.4rem;padding:.75rem 1rem;white-space:pre-wrap}
    .wide{overflow-x:auto}
    .wide svg{display:block;max-width:100%;min-width:34rem;height:auto}
    .pictures{display:flex;flex-wrap:wrap;gap:1.25rem}
    .picture p{font-size:.9rem;margin:0 0 .3rem}
    .picture img{display:block;max-width:100%;height:auto;image-rendering:pixelated;border:1px solid var(--line)}
    table{border-collapse:collapse;font-size:.85rem;margin:1.25rem 0}
    caption{text-align:left;font-weight:600;padding-bottom:.4rem}
    th,td{padding:.3rem .6rem .3rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
    th{font-weight:600;color:var(--muted);vertical-align:bottom}
    td{font-variant-numeric:tabular-nums}
    .number{text-align:right}
    td.number,td.short{white-space:nowrap}
    td.long{overflow-wrap:anywhere}
    @media print{
    body{max-width:none;padding:0;font-size:10pt}
    nav{display:none}
    h2{margin-top:1.5rem}
    h2,h3,caption{break-after:avoid}
    figure,tr,pre{break-inside:avoid}
    .wide{overflow:visible}
    .wide svg{min-width:0}
    table{font-size:8pt}
    a{color:inherit;text-decoration:none}
    }
    """
}
