/** The look of the hosted pages. Colours are those of packages/brand/src/colors.ts, copied: stand-ins import nothing of ours. */

const light = `--bg:#FBF6F0;--surface:#FFFFFF;--sunken:#F3ECE3;--line:#E7DCCF;--edge:#8C8277;--text:#16211F;--muted:#56635F;
--shell:#C4321A;--on-shell:#FFFFFF;--shell-soft:#FBE4DC;--kelp:#0B6E5F;--kelp-soft:#DCF1EB;--amber:#8A5200;--amber-soft:#FBEBCF;
--danger:#A8182F;--danger-soft:#FBE1E5;--focus:#5B41BF;--shadow:0 1px 2px rgb(22 33 31/.05),0 18px 44px -18px rgb(60 30 10/.22);`;
const dark = `--bg:#0B1416;--surface:#121F22;--sunken:#0F1A1D;--line:#21353A;--edge:#668086;--text:#EDF4F2;--muted:#9DB2B3;
--shell:#FF7B5F;--on-shell:#2A0A03;--shell-soft:#3A1D17;--kelp:#4BD3B9;--kelp-soft:#10312C;--amber:#FFBE62;--amber-soft:#35270F;
--danger:#FF8A9B;--danger-soft:#3B1820;--focus:#B3A2FF;--shadow:0 1px 2px rgb(0 0 0/.3),0 18px 44px -18px rgb(0 0 0/.7);`;

export const css = `
@font-face{font-family:'Bricolage Grotesque Variable';src:url(/fonts/bricolage-grotesque.woff2) format('woff2');font-weight:200 800;font-display:swap}
@font-face{font-family:'Figtree Variable';src:url(/fonts/figtree.woff2) format('woff2');font-weight:300 900;font-display:swap}
:root{color-scheme:light dark;${light}}
@media (prefers-color-scheme:dark){:root{${dark}}}
*{box-sizing:border-box;margin:0}
html{-webkit-text-size-adjust:100%}
body{background:var(--bg);color:var(--text);min-height:100vh;display:flex;flex-direction:column;
font:400 16px/25px 'Figtree Variable',Figtree,system-ui,-apple-system,'Segoe UI',sans-serif}
h1,h2,.wordmark,.price{font-family:'Bricolage Grotesque Variable','Bricolage Grotesque',Georgia,serif}
h1{font-size:21px;line-height:28px;font-weight:650}
h2{font-size:18px;line-height:24px;font-weight:650}
a{color:inherit}
:focus-visible{outline:3px solid var(--focus);outline-offset:3px;border-radius:8px}
.test{background:var(--amber-soft);color:var(--amber);font-size:14px;line-height:20px;font-weight:600;
padding:10px 16px;text-align:center}
.page{width:100%;max-width:1040px;margin:0 auto;padding:24px 20px 40px;flex:1}
.narrow{max-width:720px}
.top{display:flex;align-items:center;justify-content:space-between;gap:16px;min-height:44px;margin-bottom:24px}
.brand{display:flex;align-items:center;gap:10px}
.brand svg{width:30px;height:30px;color:var(--shell);flex:none}
.wordmark{font-size:20px;font-weight:700}
.back{display:inline-flex;align-items:center;min-height:44px;color:var(--muted);text-decoration:none;font-size:15px;white-space:nowrap}
.back:hover{color:var(--text);text-decoration:underline}
.muted{color:var(--muted)}
.small{font-size:14px;line-height:20px}
.price{font-size:44px;line-height:50px;font-weight:700;letter-spacing:-.01em;margin:6px 0 2px}
.card{background:var(--surface);border:1px solid var(--line);border-radius:22px 22px 22px 4px;box-shadow:var(--shadow);padding:24px}
.card+.card{margin-top:20px}
.row{display:flex;justify-content:space-between;gap:16px;padding:14px 0;border-top:1px solid var(--line)}
.row:first-child{border-top:0}
.row b,.row strong{font-weight:600}
.row .amount{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.total{border-top:2px solid var(--edge);font-weight:650}
.lines{margin-top:20px}
fieldset{border:0;padding:0;min-width:0}
legend,.label{font-size:13px;line-height:18px;font-weight:600;color:var(--muted);padding:0;margin-bottom:8px}
.field{margin-bottom:20px}
.field .value{overflow-wrap:anywhere}
.choice{display:flex;align-items:center;gap:14px;min-height:64px;padding:10px 16px;margin-bottom:10px;cursor:pointer;
background:var(--surface);border:1px solid var(--edge);border-radius:14px}
.choice:hover{background:var(--sunken)}
.choice:has(input:checked){border-color:var(--shell);background:var(--shell-soft);box-shadow:inset 0 0 0 1px var(--shell)}
.choice:has(input:focus-visible){outline:3px solid var(--focus);outline-offset:3px}
.choice input{width:20px;height:20px;margin:0;accent-color:var(--shell);flex:none;outline:0}
.choice span{flex:1}
.choice em{display:block;font-style:normal;color:var(--muted);font-size:14px;line-height:20px}
.choice:has(input:checked) em{color:var(--text)}
button{font:inherit;font-weight:650;min-height:52px;padding:12px 22px;border-radius:14px 14px 14px 4px;cursor:pointer;
border:1px solid var(--edge);background:var(--surface);color:var(--text)}
button:hover{background:var(--sunken)}
.primary{width:100%;border-color:var(--shell);background:var(--shell);color:var(--on-shell);font-size:17px;margin-top:10px}
.primary:hover{background:var(--shell);filter:brightness(1.08)}
.primary:active{transform:translateY(1px)}
.quiet{min-height:44px;padding:8px 16px}
.danger{border-color:var(--danger);color:var(--danger)}
.notice{border-radius:14px 14px 14px 4px;padding:14px 16px;margin-bottom:20px}
.bad{background:var(--danger-soft);color:var(--danger)}
.good{background:var(--kelp-soft);color:var(--kelp)}
.badge{display:inline-block;border-radius:999px;padding:3px 12px;font-size:13px;line-height:20px;font-weight:600;
background:var(--sunken);color:var(--muted)}
.badge.good{background:var(--kelp-soft);color:var(--kelp)}
.badge.warn{background:var(--amber-soft);color:var(--amber)}
.badge.bad{background:var(--danger-soft);color:var(--danger)}
.head{display:flex;align-items:center;justify-content:space-between;gap:12px;margin-bottom:6px}
details{margin-top:18px;border-top:1px solid var(--line);padding-top:8px}
summary{cursor:pointer;min-height:44px;display:flex;align-items:center;font-weight:600;list-style:none}
summary::-webkit-details-marker{display:none}
summary::before{content:"";width:8px;height:8px;border-right:2px solid currentColor;border-bottom:2px solid currentColor;
transform:rotate(-45deg);margin-right:12px;transition:transform 140ms}
details[open] summary::before{transform:rotate(45deg)}
.price .small{font-family:'Figtree Variable',Figtree,system-ui,-apple-system,'Segoe UI',sans-serif;font-weight:400;letter-spacing:0}
.lines .row:last-child{padding-bottom:0}
details p{margin-bottom:14px}
.inline{display:flex;flex-wrap:wrap;gap:12px;align-items:center}
.after{margin-top:16px;text-align:center}
.after,.foot,.test{text-wrap:balance}
.title{font-size:30px;line-height:36px}
.lead{margin-bottom:20px;overflow-wrap:anywhere}
.foot{color:var(--muted);font-size:14px;line-height:20px;text-align:center;padding:0 20px 32px}
@media (min-width:860px){
.page{padding-top:40px}
.split{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:72px;align-items:start;padding-top:24px}
.price{font-size:56px;line-height:62px}
.card{padding:32px}
}
@media (max-width:859px){.split>*+*{margin-top:32px}}
@media (prefers-reduced-motion:reduce){*{transition:none!important}}
@media print{.test,.top,.after{margin-top:16px;text-align:center}
.after,.foot,.test{text-wrap:balance}
.title{font-size:30px;line-height:36px}
.lead{margin-bottom:20px;overflow-wrap:anywhere}
.foot{display:none}.card{box-shadow:none}}
`;
