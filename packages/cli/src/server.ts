export { type CommandServer, serveCommands } from "./socket/serve-commands.ts";
