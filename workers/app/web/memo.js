// Components that render again only when one of their props is another one.

import { Component, html } from "./html.js";

export function memo(Inner) {
  return class extends Component {
    shouldComponentUpdate(next) {
      const names = new Set([...Object.keys(next), ...Object.keys(this.props)]);
      return [...names].some((name) => next[name] !== this.props[name]);
    }

    render(props) {
      return html`<${Inner} ...${props} />`;
    }
  };
}
