import { createPgliteDatabase } from "./src/database.ts"; import {sql} from "kysely";
const d = await createPgliteDatabase<any>(); console.log("made"); await d[Symbol.asyncDispose](); console.log("disposed", process.getActiveResourcesInfo());
