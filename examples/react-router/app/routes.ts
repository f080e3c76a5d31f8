import { index, type RouteConfig, route } from "@react-router/dev/routes";

export default [
  index("routes/upload.tsx"),
  route("upload-token", "routes/upload-token.ts"),
] satisfies RouteConfig;
