// The page's own icons: 20 × 20, drawn with the colour of the text around them.

import { html } from "./html.js";

const icon = (paths) => ({ class: name = "" } = {}) => html`
  <svg class=${`icon ${name}`} viewBox="0 0 20 20" width="20" height="20" fill="none" stroke="currentColor"
    stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">${paths}</svg>`;

export const Mark = icon(html`<path d="M4 6.2A2.2 2.2 0 0 1 6.2 4h7.6A2.2 2.2 0 0 1 16 6.2v5A2.2 2.2 0 0 1 13.8 13.4H9.4L6 16.2v-2.9A2.2 2.2 0 0 1 4 11.2z" /><path d="M7.6 8.7h4.8" />`);
export const Plus = icon(html`<path d="M10 4.5v11M4.5 10h11" />`);
export const Close = icon(html`<path d="m5.5 5.5 9 9m0-9-9 9" />`);
export const Lock = icon(html`<rect x="4.8" y="9" width="10.4" height="7" rx="1.8" /><path d="M7 9V7a3 3 0 0 1 6 0v2" />`);
export const Open = icon(html`<circle cx="10" cy="10" r="6.2" /><path d="M3.8 10h12.4M10 3.8c2 1.8 2.9 3.8 2.9 6.2s-.9 4.400-2.900 6.200c-2-1.800-2.900-3.800-2.900-6.200s.9-4.400 2.900-6.200z" />`);
export const Box = icon(html`<path d="M3.8 7.200h12.400v7.300a1.500 1.500 0 0 1-1.500 1.500H5.300a1.500 1.500 0 0 1-1.500-1.500zM3 4.200h14v3H3zM8 10.400h4" />`);
export const People = icon(html`<circle cx="7.6" cy="7" r="2.700" /><path d="M2.800 15.600c.4-2.700 2.300-4.200 4.800-4.200s4.400 1.500 4.800 4.200M12.800 4.700a2.500 2.500 0 0 1 0 4.700M14.300 11.800c1.600.5 2.600 1.800 2.900 3.800" />`);
export const Send = icon(html`<path d="M10 15.500V4.500M5.500 9 10 4.500 14.500 9" />`);
export const Reply = icon(html`<path d="M8 5 4 9l4 4M4 9h7.500a4.500 4.500 0 0 1 4.500 4.500V15" />`);
export const Pencil = icon(html`<path d="m4.500 15.500.7-3.300 7.600-7.600a1.500 1.500 0 0 1 2.100 0l.5.5a1.500 1.500 0 0 1 0 2.100l-7.600 7.600z" />`);
export const Bin = icon(html`<path d="M4.500 6h11M8 6V4.300h4V6M6 6l.6 9.700h6.800L14 6M8.600 9v4M11.400 9v4" />`);
export const Smile = icon(html`<circle cx="10" cy="10" r="6.300" /><path d="M7.300 11.700c.7 1 1.600 1.500 2.700 1.500s2-.5 2.700-1.500M7.900 8.200v.1M12.100 8.200v.1" />`);
export const Stop = icon(html`<rect x="6" y="6" width="8" height="8" rx="1.500" />`);
export const Back = icon(html`<path d="m11.500 5-5 5 5 5" />`);
export const Down = icon(html`<path d="M10 4.500v11M5.500 11l4.500 4.500 4.500-4.500" />`);
export const Download = icon(html`<path d="M10 3.800v8M6.600 8.600 10 12l3.400-3.400M4.500 15.700h11" />`);
export const Link = icon(html`<path d="M8.500 11.500a3 3 0 0 0 4.300 0l2.300-2.300a3 3 0 0 0-4.300-4.300l-.9.900M11.500 8.500a3 3 0 0 0-4.300 0l-2.300 2.300a3 3 0 0 0 4.300 4.300l.9-.9" />`);
export const Out = icon(html`<path d="M8 4.500H5.500A1.500 1.500 0 0 0 4 6v8a1.500 1.500 0 0 0 1.500 1.500H8M12.500 13.500 16 10l-3.500-3.500M16 10H8.500" />`);
export const Agent = icon(html`<rect x="4.200" y="6.800" width="11.600" height="8.700" rx="2.600" /><path d="M10 6.800V4.300M7.700 10.600v1.200M12.300 10.600v1.200" />`);
export const Alert = icon(html`<path d="M10 4.200 16.700 15.700H3.300zM10 8.600v3M10 13.600v.1" />`);
export const Signal = icon(html`<path d="M3.500 8.200a9.500 9.500 0 0 1 13 0M6 11a6 6 0 0 1 8 0M8.500 13.800a2.300 2.300 0 0 1 3 0" />`);
export const Search = icon(html`<circle cx="9" cy="9" r="4.800" /><path d="m12.600 12.600 3.600 3.600" />`);
export const Gear = icon(html`<path d="M4 6.200h6M14 6.200h2M4 13.800h2M10 13.800h6" /><circle cx="12" cy="6.200" r="2" /><circle cx="8" cy="13.800" r="2" />`);
export const Thread = icon(html`<path d="M4 5.500h12M4 9.500h8" /><path d="M9 13.500h7M9 13.500v2.500" />`);
export const Shield = icon(html`<path d="M10 3.500 15.500 5.500v4c0 3.400-2.200 5.900-5.500 7-3.300-1.100-5.500-3.600-5.500-7v-4z" /><path d="m7.600 9.900 1.700 1.700 3.200-3.300" />`);
export const Hand = icon(html`<path d="M10 3.500 15.500 5.500v4c0 3.400-2.200 5.900-5.500 7-3.300-1.100-5.500-3.600-5.500-7v-4z" /><path d="M10 7v3.200M10 12.700v.1" />`);
export const Pause = icon(html`<circle cx="10" cy="10" r="6.300" /><path d="M8.400 8v4M11.600 8v4" />`);
export const Check = icon(html`<path d="m5 10.500 3.300 3.300L15 7" />`);
export const Clock = icon(html`<circle cx="10" cy="10" r="6.300" /><path d="M10 6.600V10l2.200 1.700" />`);
