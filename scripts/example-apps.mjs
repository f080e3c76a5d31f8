/**
 * @typedef {object} ExampleApp
 * @property {string} name For people.
 * @property {string} folder In examples/.
 * @property {(port: string) => string[]} serve Its production server on that port of 127.0.0.1: a program among its dependencies, and arguments.
 * @property {"widget" | "plain"} page
 * @property {Record<string, string>} [versions] Of dependencies, in place of those that its package.json has.
 */
const vitePreview = (port) => ["vite", "preview", "--host", "127.0.0.1", "--port", port, "--strictPort"];

const REACT_18 = {
  react: "18.3.1",
  "react-dom": "18.3.1",
  "@types/react": "18.3.32",
  "@types/react-dom": "18.3.7",
};

/** @type {ExampleApp[]} */
export const APPS = [
  { name: "vite-react, React 19", folder: "vite-react", serve: vitePreview, page: "widget" },
  {
    name: "vite-react, React 18",
    folder: "vite-react",
    serve: vitePreview,
    page: "widget",
    versions: REACT_18,
  },
  {
    name: "next",
    folder: "next",
    serve: (port) => ["next", "start", "--hostname", "127.0.0.1", "--port", port],
    page: "widget",
  },
  {
    name: "react-router",
    folder: "react-router",
    serve: () => ["react-router-serve", "build/server/index.js"],
    page: "widget",
  },
  { name: "vanilla", folder: "vanilla", serve: vitePreview, page: "plain" },
];
