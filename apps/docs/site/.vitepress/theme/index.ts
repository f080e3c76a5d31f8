// The default theme without its font files: the demo's fonts are the system's.
import DefaultTheme from "vitepress/theme-without-fonts";
import "./style.css";

export default DefaultTheme;
